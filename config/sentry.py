"""Error reports to Sentry, when SENTRY_DSN is set and the extra `sentry` is installed."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured

from core.scrubbing import scrub

try:
    import sentry_sdk
except ImportError:  # an optional extra
    sentry_sdk = None  # type: ignore[assignment]

# What a request or person is about stays here; the stack is enough to find a fault.
WITHHELD = ("request", "user", "extra", "breadcrumbs", "server_name")


def start(dsn: str) -> None:
    """Turns reporting on. Raises ImproperlyConfigured when the package is missing."""
    if not dsn:
        return
    if sentry_sdk is None:
        raise ImproperlyConfigured(
            "SENTRY_DSN is set, but sentry-sdk is not installed (extra sentry)"
        )
    sentry_sdk.init(
        dsn=dsn,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        before_send=before_send,
    )


def before_send(event: Any, hint: Any) -> Any:
    """The event without request, person and breadcrumbs, its texts scrubbed."""
    for name in WITHHELD:
        event.pop(name, None)
    for entry in event.get("exception", {}).get("values", []):
        entry["value"] = scrub(entry.get("value") or "")
    if logged := event.get("logentry"):
        event["logentry"] = {"message": scrub(logged.get("formatted") or logged.get("message", ""))}
    return event
