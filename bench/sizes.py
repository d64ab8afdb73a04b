"""How much each measurement does: in full for figures, tiny to see that it runs at all."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Size:
    """Rows, rounds and seconds; `small` and `large` are (image logs, pending ones)."""

    rounds: int = 5
    seconds: float = 3.0
    small: tuple[int, int] = (10_000, 1_000)
    large: tuple[int, int] = (1_000_000, 100_000)
    crowd: tuple[int, int] = (120_000, 100_000)
    connections: int = 16
    claimers: tuple[int, ...] = (1, 2, 4, 8, 16, 64)
    leases: int = 50_000
    calls: int = 20
    decisions: int = 10_000
    loop_decisions: int = 1_000
    ingest: int = 100_000
    naive: int = 2_000
    people: int = 200
    waiters: int = 200
    alike: int = 20_000
    burst: int = 2_000
    bank: int = 1_000_000
    memory: int = 10_000_000
    queries: int = 2_000
    mirrored: int = 120
    truth: int = 20_000


FULL = Size()
TINY = Size(
    rounds=1, seconds=0.3, small=(500, 100), large=(2_000, 400), crowd=(3_000, 2_500),
    connections=4, claimers=(1, 4), leases=200, calls=2, decisions=200, loop_decisions=20,
    bank=20_000, memory=50_000, queries=40, mirrored=6, truth=80,
    ingest=2_000, naive=50, people=12, waiters=10, alike=120, burst=200,
)  # fmt: skip
