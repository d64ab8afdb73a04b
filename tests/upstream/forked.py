"""Work on a run in a process of its own, forked from one that has nothing but Django in it.

The test process itself is no good to fork: it may hold a browser's event loop and threads.
"""

import multiprocessing
import os
import uuid
from contextlib import suppress

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from django.db import connections  # noqa: E402  Django has to be set up first

from upstream.errors import RunTaken  # noqa: E402
from upstream.runs import run_sync  # noqa: E402

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload([__name__])


def work_in_a_child(run_id: uuid.UUID, *, seconds: float) -> bool:
    """A process that works on the run and is killed after so long; whether it got to the end."""
    settings = connections["default"].settings_dict
    child = _context.Process(target=_work, args=(settings["NAME"], run_id))
    child.start()
    child.join(seconds)
    if child.is_alive():
        child.kill()
        child.join()
        return False
    assert child.exitcode == 0
    return True


def _work(database: str, run_id: uuid.UUID) -> None:
    connections["default"].settings_dict["NAME"] = database
    with suppress(RunTaken):
        run_sync(run_id=run_id)
