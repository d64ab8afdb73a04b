"""Patience with an upstream: outages are waited out for a while, then the circuit opens."""

from datetime import timedelta

from django.utils import timezone

from upstream.clients.errors import UpstreamError
from upstream.errors import SyncError
from upstream.models import Source

# Waits after a call that failed in spite of the client's own retries, in seconds.
WAITS = (5.0, 15.0, 45.0)
# A longer Retry-After ends the run; the schedule comes back after it.
LONGEST_WAIT = 300.0
# Outages that pass; what a wrong address or name gives does not.
PASSING = {
    "rate_limited",
    "unavailable",
    "malformed",
    "not_json",
    "truncated",
    "network",
    "deadline",
    "timeout",
}
FAILURES_TO_OPEN = 3
OPEN_FOR = timedelta(minutes=1)
OPEN_AT_MOST = timedelta(hours=1)


class Patience:
    """How a run takes failed calls: it starts anew with every answer."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._failed = 0

    def wait_after(self, error: UpstreamError) -> float:
        """Seconds to wait before the call is made again. Raises `error` when that has no use."""
        if error.permanent or error.code not in PASSING or self._failed >= len(self._waits):
            raise error
        wait = max(error.retry_after or 0.0, self._waits[self._failed])
        if wait > LONGEST_WAIT:
            raise error
        self._failed += 1
        return wait

    def answered(self) -> None:
        self._failed = 0
        if self.source.failures_in_row or self.source.circuit_open_until:
            self.source.failures_in_row, self.source.circuit_open_until = 0, None
            self.source.save(update_fields=["failures_in_row", "circuit_open_until"])

    @property
    def _waits(self) -> tuple[float, ...]:
        """The source's option `patience` scales the waits; 0 gives up at once."""
        scale = self.source.options.get("patience", 1)
        if not isinstance(scale, int | float) or scale <= 0:
            return ()
        return tuple(wait * scale for wait in WAITS)


def note_failure(source: Source, error: UpstreamError | SyncError) -> None:
    """A run failed at upstream's door: after three in a row the schedule leaves it alone for a
    while, twice as long each time, at least as long as upstream asked."""
    if not isinstance(error, UpstreamError):
        return
    source.failures_in_row += 1
    beyond = source.failures_in_row - FAILURES_TO_OPEN
    rest = min(OPEN_FOR * 2 ** min(beyond, 10), OPEN_AT_MOST) if beyond >= 0 else timedelta()
    rest = max(rest, timedelta(seconds=error.retry_after or 0))
    source.circuit_open_until = timezone.now() + rest if rest else None
    source.save(update_fields=["failures_in_row", "circuit_open_until"])


def is_open(source: Source) -> bool:
    """Whether the schedule leaves the source alone; a run started by hand tries all the same."""
    until = source.circuit_open_until
    return until is not None and until > timezone.now()
