"""Database and cache settings out of their URLs."""

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


def from_url(url: str, *, pool: int) -> dict[str, Any]:
    """One entry of Django's DATABASES; `pool` connections at most, 0 for none.

    The URL is `postgresql://user:password@host:port/name?option=value`. An empty one gives an
    unusable entry, so that commands which need no database still run.
    """
    if not url:
        return {"ENGINE": "django.db.backends.dummy"}
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"} or len(parts.path) < 2:
        raise ImproperlyConfigured(
            "DATABASE_URL must read postgresql://user:password@host:port/name "
            "(PostgreSQL 15 or newer)"
        )
    options: dict[str, Any] = {"connect_timeout": "10", **dict(parse_qsl(parts.query))}
    if pool:
        options["pool"] = {"min_size": 1, "max_size": pool, "timeout": 10}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path[1:]),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        # A connection that the server closed meanwhile is replaced, not handed out.
        "CONN_HEALTH_CHECKS": True,
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
