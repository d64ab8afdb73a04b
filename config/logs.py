"""Logging: one line a record on the console or as JSON, with the request's id, scrubbed."""

import logging
from typing import Any

from pythonjsonlogger.json import JsonFormatter

from core.requests import current_request_id
from core.scrubbing import scrub


class RequestId(logging.Filter):
    """Adds `request_id` to every record, "-" outside of a request."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = current_request_id()
        return True


class ConsoleFormatter(logging.Formatter):
    """Scrubs after formatting, so that tracebacks are covered too."""

    def format(self, record: logging.LogRecord) -> str:
        return scrub(super().format(record))


class ScrubbedJsonFormatter(JsonFormatter):
    """The same for JSON lines."""

    def format(self, record: logging.LogRecord) -> str:
        return scrub(super().format(record))


def configuration(form: str) -> dict[str, Any]:
    """Django's LOGGING for LOG_FORMAT `console` or `json`."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"request_id": {"()": RequestId}},
        "formatters": {
            "console": {
                "()": ConsoleFormatter,
                "format": "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s",
            },
            "json": {
                "()": ScrubbedJsonFormatter,
                "fmt": "%(asctime)s %(levelname)s %(name)s %(request_id)s %(message)s",
                "rename_fields": {"asctime": "time", "levelname": "level", "name": "logger"},
                "json_ensure_ascii": False,
            },
        },
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "formatter": form,
                "filters": ["request_id"],
            },
        },
        "root": {"handlers": ["stderr"], "level": "INFO"},
        "loggers": {
            # Its own handlers would write to a console with DEBUG and mail errors without.
            "django": {"handlers": [], "propagate": True},
            "django.server": {"handlers": [], "propagate": True},
            # One line a request upstream would drown the rest.
            "httpx": {"level": "WARNING"},
            "httpcore": {"level": "WARNING"},
            "celery.worker.strategy": {"level": "WARNING"},
            "celery.app.trace": {"level": "WARNING"},
            "celery.beat": {"level": "WARNING"},
        },
    }
