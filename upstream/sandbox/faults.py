"""The sandbox's faults: what each does, which requests and rows it meets, and how often."""

import threading
from collections import Counter
from collections.abc import Iterable

FAULTS = {
    "500": "every 7th request of a path answers 500",
    "429": "every 7th request of a path answers 429 with Retry-After: 1",
    "slow": "every 7th request of a path waits 3 s first",
    "truncated": "every 7th answer of a path is cut in half",
    "html200": "every 7th request of a path answers an HTML error page with status 200",
    "error200": "every 7th request of a path answers the contract's error form with status 200",
    "reset": "every 7th answer of a path ends with the connection closed half-way",
    "shifting": "new rows arrive between pages, six of each kind",
    "cursorloop": "the gallery's second cursor leads to itself",
    "noid": "every second image log has no id",
    "badrows": "one row in 20 does not parse, or repeats its neighbour's id",
    "gone": "one row in 10 has disappeared",
    "changed": "one row in 10 has another content",
    "expired": "links of assets are expired when handed out",
    "redirect": "one picture in 10 redirects to a link-local metadata address",
    "bomb": "one picture in 10 is a gzip that inflates to 1 GiB",
    "pixelbomb": "one picture in 10 is a small PNG of 30,000 x 30,000 pixels",
    "wrongtype": "one picture in 10 is HTML under an image content type",
}
# These meet requests, the others rows or pictures.
TRANSIENT = ("500", "429", "slow", "truncated", "html200", "error200", "reset")
# Which last digit of a row's index a fault of pictures meets.
PICTURE_DIGIT = {"redirect": 3, "bomb": 4, "pixelbomb": 5, "wrongtype": 6}
GONE_DIGIT = 7
CHANGED_DIGIT = 8
BAD_EVERY = 20
BAD_OFFSET = 11
SHIFTED_ROWS = 6


class FaultPlan:
    """Which faults are on, and the counts by which the transient ones fire.

    With n transient faults on, the requests of one path fail at number 7, 14, … in turn, so that
    an immediate retry succeeds.
    """

    def __init__(self, names: Iterable[str] = (), *, period: int = 7) -> None:
        self._lock = threading.Lock()
        self.period = period
        self.requests: Counter[str] = Counter()
        self.fired: Counter[str] = Counter()
        self._turns: Counter[str] = Counter()
        self.active: frozenset[str] = frozenset()
        self.set(names)

    def set(self, names: Iterable[str]) -> None:
        """Replaces the active faults; ValueError names an unknown one."""
        chosen = frozenset(names)
        if unknown := sorted(chosen - set(FAULTS)):
            raise ValueError(f"unknown fault {', '.join(unknown)}; known: {', '.join(FAULTS)}")
        with self._lock:
            self.active = chosen
            self._turns.clear()

    def __contains__(self, name: str) -> bool:
        return name in self.active

    def count(self, route: str, *, exempt: bool = False) -> str | None:
        """Counts a request of a route and returns the transient fault that it meets."""
        names = [name for name in TRANSIENT if name in self.active]
        with self._lock:
            self.requests[route] += 1
            if exempt or not names:
                return None
            self._turns[route] += 1
            turn, rest = divmod(self._turns[route], self.period)
            if rest:
                return None
            name = names[(turn - 1) % len(names)]
            self.fired[name] += 1
            return name

    def reset(self) -> None:
        """Forgets all counts."""
        with self._lock:
            self.requests.clear()
            self.fired.clear()
            self._turns.clear()

    def picture(self, index: int) -> str | None:
        """The fault that the picture of row `index` meets."""
        for name, digit in PICTURE_DIGIT.items():
            if name in self.active and index % 10 == digit:
                return name
        return None

    def gone(self, index: int) -> bool:
        return "gone" in self.active and index % 10 == GONE_DIGIT

    def changed(self, index: int) -> bool:
        return "changed" in self.active and index % 10 == CHANGED_DIGIT

    def bad(self, index: int) -> int | None:
        """The running number of a bad row, None for a good one."""
        if "badrows" not in self.active or index % BAD_EVERY != BAD_OFFSET:
            return None
        return index // BAD_EVERY
