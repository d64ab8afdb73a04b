"""The sandbox's time, which tests may shift or stop."""

from datetime import UTC, datetime, timedelta

ANCHOR_DAYS = 30


class Clock:
    """Real time plus a shift, or one frozen moment."""

    def __init__(self) -> None:
        self._shift = timedelta()
        self._frozen: datetime | None = None

    def now(self) -> datetime:
        return self._frozen or datetime.now(UTC) + self._shift

    def now_ms(self) -> int:
        return int(self.now().timestamp() * 1000)

    def shift(self, seconds: float) -> None:
        self._shift = timedelta(seconds=seconds)
        self._frozen = None

    def freeze(self, moment: datetime | None = None) -> None:
        self._frozen = moment or self.now()

    def reset(self) -> None:
        self.shift(0)


def anchor_of(moment: datetime) -> datetime:
    """The time before which all generated rows lie.

    It moves once in 30 days only: restarts show the same rows, and albums stay within the 90 days
    that contract 1 shows.
    """
    day = 86_400 * ANCHOR_DAYS
    return datetime.fromtimestamp(int(moment.timestamp()) // day * day, UTC)


def iso(moment: datetime) -> str:
    """ISO 8601 with Z, as contracts 4 and 5 write it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def iso_ms(milliseconds: int) -> str:
    return iso(datetime.fromtimestamp(milliseconds / 1000, UTC))
