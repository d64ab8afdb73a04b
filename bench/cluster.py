"""A PostgreSQL cluster of the benchmark's own, its databases, and which one Django uses."""

import hashlib
import os
import time
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from django.core.management import call_command
from django.db import connections
from psycopg import sql
from rich.console import Console

from core.launcher.attachment import attach
from core.launcher.postgres import OWNER, RUNTIME, SUPERUSER

# Durable as in production; sized so that checkpoints and cache misses do not decide.
SETTINGS = {
    "shared_buffers": "1GB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "30min",
    "max_connections": "150",
    "effective_cache_size": "4GB",
    "random_page_cost": "1.1",
}
EMPTY = "gatehouse"
_SUPERUSER_URL = "BENCH_SUPERUSER_URL"
_PROJECT = Path(__file__).resolve().parent.parent
console = Console(stderr=True)


def start(root: Path) -> None:
    """Starts the cluster in `root` and sets the environment; to be called before django.setup()."""
    for name in ("CELERY_BROKER_URL", "CACHE_URL", "DATABASE_POOL"):
        os.environ.pop(name, None)
    attachment = attach(root, tied=True, settings=SETTINGS, may_create_databases=True)
    os.environ.update(attachment.environment)
    port = attachment.server.port
    os.environ["DATABASE_URL"] = attachment.cluster.url(user=RUNTIME, port=port)
    os.environ["DATABASE_OWNER_URL"] = attachment.cluster.url(user=OWNER, port=port)
    os.environ[_SUPERUSER_URL] = attachment.cluster.url(user=SUPERUSER, port=port)
    os.environ["DJANGO_SETTINGS_MODULE"] = "bench.settings"
    # BLAS threads would fight over the cores that are being measured.
    os.environ["OPENBLAS_NUM_THREADS"] = "1"


def url_of(name: str, *, owner: bool = False) -> str:
    parts = urlsplit(os.environ["DATABASE_OWNER_URL" if owner else "DATABASE_URL"])
    return urlunsplit(parts._replace(path=f"/{name}"))


def use(name: str) -> None:
    """Django's connections go to this database from now on, in this process."""
    connection = connections["default"]
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]
    connection.settings_dict["NAME"] = name


def leave() -> None:
    """Closes this process's connections, so that the database can be copied."""
    connections["default"].close()
    connections["default"].close_pool()  # type: ignore[attr-defined]


def migrate() -> None:
    call_command("migrate", verbosity=0)
    leave()


def clone(name: str, *, template: str = EMPTY) -> str:
    """A fresh copy of a database under `name`; a checkpoint lies behind it."""
    leave()
    names = {
        "name": sql.Identifier(name),
        "template": sql.Identifier(template),
        "owner": sql.Identifier(OWNER),
    }
    with closing(_maintenance()) as server:
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {name} WITH (FORCE)").format(**names))
        create = "CREATE DATABASE {name} OWNER {owner} TEMPLATE {template} STRATEGY FILE_COPY"
        server.execute(sql.SQL(create).format(**names))
    return name


def exists(name: str) -> bool:
    with closing(_maintenance()) as server:
        found = server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
        return found is not None


def vacuum(name: str, *tables: str) -> None:
    with closing(psycopg.connect(url_of(name, owner=True), autocommit=True)) as owner:
        owner.execute(f"VACUUM (ANALYZE) {', '.join(tables)}")


def template(
    label: str, *, images: int, pending: int, people: int, characters: int | None = None
) -> str:
    """A database with that many synthetic rows and moderators, made once; returns its name.

    `characters`: over how many the images are spread, by default a thousandth of them.
    """
    name = f"bench_{label}_{images}_{pending}_{people}_{version()}"
    if exists(name):
        return name
    started = time.monotonic()
    draft = clone(f"{name}_draft")
    use(draft)
    call_command(
        "populate", images=images, pending=pending, characters=characters or max(10, images // 1000)
    )
    from bench.people import add_people  # noqa: PLC0415 (Django is set up by now)

    add_people(people)
    leave()
    vacuum(draft)
    rename(draft, name)
    say(f"{label}: {images:,} image logs in {time.monotonic() - started:.0f} s")
    return name


def rename(draft: str, name: str) -> None:
    """A finished template gets its name last, so that a broken-off one is made again."""
    with closing(_maintenance()) as server:
        server.execute(f'ALTER DATABASE "{draft}" RENAME TO "{name}"')


def say(text: str) -> None:
    console.print(text, highlight=False)


def _maintenance() -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(os.environ[_SUPERUSER_URL], dbname="postgres", autocommit=True)


def version() -> str:
    """Changes with migrations and with what populate makes, so that a kept cluster is not stale."""
    digest = hashlib.sha256()
    sources = [*_PROJECT.glob("*/migrations/0*.py"), *_PROJECT.glob("*/populate.py")]
    for path in sorted(sources):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:8]
