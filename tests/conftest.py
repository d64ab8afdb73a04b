"""Fixtures for every test, and the PostgreSQL cluster they run on.

The cluster has to answer before Django's settings load, so it starts while this file is imported:
once, in the process that pytest-xdist's workers inherit their environment from. The workers then
get one database each from pytest-django.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

import django

from core.launcher.attachment import attach
from core.launcher.postgres import OWNER, RUNTIME, UNSAFE_BUT_FAST

STARTED = "GATEHOUSE_TEST_CLUSTER"


def start_cluster() -> None:
    """Sets DATABASE_URL to TEST_DATABASE_URL, else to a cluster of our own that ends with us.

    GATEHOUSE_TEST_HOME keeps that cluster's folder for the next run; POSTGRES_BIN picks a version.
    """
    if os.environ.get(STARTED):
        return
    os.environ[STARTED] = "1"
    for name in ("DATABASE_OWNER_URL", "CELERY_BROKER_URL", "CACHE_URL", "GATEHOUSE_HOME"):
        os.environ.pop(name, None)
    scratch = tempfile.mkdtemp(prefix="gatehouse-test-")
    atexit.register(shutil.rmtree, scratch, ignore_errors=True)  # runs after the cluster's end
    os.environ["GATEHOUSE_TEST_HOMES"] = scratch
    os.environ["GATEHOUSE_HOME"] = f"{scratch}/home"
    if given := os.environ.get("TEST_DATABASE_URL"):
        os.environ["DATABASE_URL"] = given
        return
    root = Path(os.environ.get("GATEHOUSE_TEST_HOME") or f"{scratch}/cluster")
    attachment = attach(root, tied=True, settings=UNSAFE_BUT_FAST, may_create_databases=True)
    port = attachment.server.port
    # One role that may create databases; tests of the runtime role's rights log in as it.
    os.environ["DATABASE_URL"] = attachment.cluster.url(user=OWNER, port=port)
    os.environ["TEST_RUNTIME_URL"] = attachment.cluster.url(user=RUNTIME, port=port)
    if broker := attachment.environment.get("CELERY_BROKER_URL"):
        os.environ["TEST_BROKER_URL"] = broker


start_cluster()
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
django.setup()

from config import messages  # noqa: E402  Django has to be set up first
from tests import chromium, flushing  # noqa: E402

flushing.install()
pytest_plugins = ["tests.servers"]
messages.compile_stale()

browser = chromium.browser
pytest_collection_modifyitems = chromium.skip_without_browser
pytest_terminal_summary = chromium.say_what_was_skipped
