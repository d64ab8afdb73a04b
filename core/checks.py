"""System checks of what can be misconfigured about the installation itself."""

import os
from collections.abc import Iterator, Sequence
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connections
from django.db.utils import OperationalError

OLDEST_POSTGRES = 150000
LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@register
def check_secrets(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Stored secrets can be encrypted."""
    for key in settings.ENCRYPTION_KEYS:
        try:
            Fernet(key)
        except ValueError:
            return [
                Error(
                    "ENCRYPTION_KEYS holds something that is not a Fernet key.",
                    hint="A key is 44 characters of URL-safe base64, as `python -c 'from "
                    "cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'` "
                    "prints one. Several are separated by commas, the newest first.",
                    id="core.E001",
                )
            ]
    return []


@register
def check_address(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Links that we hand out lead here, and requests that come along them are accepted."""
    url = urlsplit(settings.PUBLIC_URL)
    if url.scheme not in {"http", "https"} or not url.hostname or url.path or url.query:
        return [
            Error(
                f"PUBLIC_URL={settings.PUBLIC_URL!r} is not the address of a site.",
                hint="Write scheme and host alone, for example https://gatehouse.example.org.",
                id="core.E002",
            )
        ]
    allowed = settings.ALLOWED_HOSTS
    if not {"*", url.hostname, f"[{url.hostname}]"} & set(allowed) and not any(
        host.startswith(".") and f".{url.hostname}".endswith(host) for host in allowed
    ):
        return [
            Error(
                f"ALLOWED_HOSTS refuses {url.hostname}, the host of PUBLIC_URL.",
                hint=f"Add {url.hostname} to ALLOWED_HOSTS.",
                id="core.E003",
            )
        ]
    return []


@register
def check_proxies(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """The real sender of a request can be told."""
    wrong = []
    for entry in settings.TRUSTED_PROXIES:
        try:
            ip_network(entry, strict=False)
        except ValueError:
            wrong.append(entry)
    if wrong:
        return [
            Error(
                f"TRUSTED_PROXIES: {', '.join(wrong)} is no address and no network.",
                hint="Write addresses or networks, for example 10.0.0.0/8,127.0.0.1.",
                id="core.E004",
            )
        ]
    if settings.HTTPS and not settings.TRUSTED_PROXIES:
        return [
            Warning(
                "PUBLIC_URL is https, and no proxy is trusted to say that a request was.",
                hint="Set TRUSTED_PROXIES to the address of the proxy that ends TLS; else every "
                "request is redirected to itself.",
                id="core.W005",
            )
        ]
    return []


@register
def check_tasks(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Background work has a broker that all processes share."""
    broker = urlsplit(settings.CELERY_BROKER_URL)
    known = {"redis", "rediss", "valkey", "valkeys", "amqp", "amqps", "pyamqp"}
    if settings.CELERY_BROKER_URL and broker.scheme not in known:
        return [
            Error(
                f"CELERY_BROKER_URL: {broker.scheme or 'no'} scheme is not supported.",
                hint="Use redis://, rediss://, amqp:// or amqps://.",
                id="core.E006",
            )
        ]
    return []


@register
def check_waiters(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Calls that wait for a generation leave threads for everybody else."""
    if settings.GENERATION_WAITERS < settings.WEB_THREADS:
        return []
    return [
        Warning(
            f"GENERATION_WAITERS={settings.GENERATION_WAITERS} calls can take all of the "
            f"{settings.WEB_THREADS} threads of a web process.",
            hint="Make WEB_THREADS larger, or GENERATION_WAITERS smaller.",
            id="core.W012",
        )
    ]


@register
def check_home(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """There is a place to write to."""
    place = Path(settings.GATEHOUSE_HOME)
    while not place.exists():
        place = place.parent
    if place.is_dir() and os.access(place, os.W_OK | os.X_OK):
        return []
    return [
        Error(
            f"GATEHOUSE_HOME={settings.GATEHOUSE_HOME} cannot be written to.",
            hint="Choose another folder, or give this user the right to write there.",
            id="core.E007",
        )
    ]


@register(Tags.security, deploy=True)
def check_production(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """What a machine on a network needs and a demo does not."""
    return list(_production())


def _production() -> Iterator[CheckMessage]:
    if not settings.EMBEDDED and not settings.CELERY_BROKER_URL:
        yield Error(
            "CELERY_BROKER_URL is not set: nothing is done in the background.",
            hint="Name a Redis, Valkey or RabbitMQ that all machines share.",
            id="core.E008",
        )
    if not settings.HTTPS and urlsplit(settings.PUBLIC_URL).hostname not in LOOPBACK:
        yield Warning(
            "PUBLIC_URL is plain http: passwords and pictures travel unprotected.",
            hint="Put a proxy with TLS in front and set PUBLIC_URL to its https address.",
            id="core.W009",
        )
    if settings.MEDIA_ALLOW_PRIVATE_NETWORKS and not settings.MEDIA_ALLOWED_PRIVATE_HOSTS:
        yield Warning(
            "MEDIA_ALLOW_PRIVATE_NETWORKS is on: an upstream can make us fetch from inside.",
            hint="Turn it off, or name the hosts in MEDIA_ALLOWED_PRIVATE_HOSTS.",
            id="core.W010",
        )


@register(Tags.database)
def check_server(
    app_configs: Sequence[Any] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """The database is a PostgreSQL that knows what we ask of it, in UTF-8."""
    found: list[CheckMessage] = []
    for alias in databases or ():
        try:
            with connections[alias].cursor() as cursor:
                cursor.execute("SHOW server_version_num")
                version = int(cursor.fetchone()[0])
                cursor.execute("SHOW server_encoding")
                encoding = cursor.fetchone()[0]
        except OperationalError:
            continue  # whoever needs it will say so; this check is about what it is
        if version < OLDEST_POSTGRES or encoding != "UTF8":
            found.append(
                Error(
                    f"The database is PostgreSQL {version // 10000} in {encoding}.",
                    hint="PostgreSQL 15 or newer and a database in UTF8 are needed.",
                    id="core.E011",
                )
            )
    return found
