"""Database and cache settings out of their URLs."""

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


def from_urls(*, runtime: str, owner: str, pool: int) -> dict[str, dict[str, Any]]:
    """Django's DATABASES: `default` for everything, `owner` (migrations only) when it differs.

    A URL is `postgresql://user:password@host:port/name?option=value`. An empty runtime URL gives an
    unusable entry, so that commands which need no database still run.
    """
    if not runtime:
        return {"default": {"ENGINE": "django.db.backends.dummy"}}
    databases = {"default": _parse(runtime, pool=pool)}
    if owner and owner != runtime:
        databases["owner"] = _parse(owner, pool=0)
    return databases


def _parse(url: str, *, pool: int) -> dict[str, Any]:
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"} or len(parts.path) < 2:
        raise ImproperlyConfigured(
            "DATABASE_URL must read postgresql://user:password@host:port/name "
            "(PostgreSQL 15 or newer)"
        )
    options: dict[str, Any] = dict(parse_qsl(parts.query))
    if pool:
        options["pool"] = {"min_size": 1, "max_size": pool, "timeout": 30}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path[1:]),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_HEALTH_CHECKS": not pool,
        "OPTIONS": options,
    }


def cache_from_url(url: str) -> dict[str, dict[str, Any]]:
    """Django's CACHES: Redis or Valkey when named, else a table of the database (shared limits)."""
    if url:
        return {
            "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": url}
        }
    return {
        "default": {
            "BACKEND": "django.core.cache.backends.db.DatabaseCache",
            "LOCATION": "core_cache",
        }
    }
