"""How fast one upstream may be asked, within this process."""

import threading
import time

BURST_SECONDS = 0.25


class RateLimit:
    """A token bucket: at most `rate` calls a second, with a burst of a quarter of a second."""

    def __init__(self, rate: float) -> None:
        self._interval = 1 / rate
        self._lock = threading.Lock()
        self._next = 0.0

    def wait(self) -> None:
        """Takes one token, sleeping until there is one."""
        with self._lock:
            now = time.monotonic()
            start = max(self._next, now - BURST_SECONDS)
            self._next = start + self._interval
        if start > now:
            time.sleep(start - now)


_limits: dict[tuple[str, float], RateLimit] = {}
_limits_lock = threading.Lock()


def limit_of(base_url: str, rate: float) -> RateLimit | None:
    """The limit shared by all clients of this upstream; None when `rate` is 0."""
    if rate <= 0:
        return None
    with _limits_lock:
        return _limits.setdefault((base_url, rate), RateLimit(rate))
