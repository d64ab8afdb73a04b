"""Interleaved rounds: A B A B, so that a noisy machine is noisy for both sides."""

import statistics
import time
from collections.abc import Callable, Sequence

Side = Callable[[], float]


def interleaved(rounds: int, *sides: Side) -> list[list[float]]:
    """Each side's numbers, a round after the other."""
    numbers: list[list[float]] = [[] for _ in sides]
    for _ in range(rounds):
        for taken, side in zip(numbers, sides, strict=True):
            taken.append(side())
    return numbers


def ratio(above: Sequence[float], below: Sequence[float]) -> float:
    """The median of the rounds' own ratios."""
    return statistics.median(a / b for a, b in zip(above, below, strict=True))


def median(numbers: Sequence[float]) -> float:
    return statistics.median(numbers)


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def median_ms(work: Callable[[], object], *, calls: int, after: Callable[[], object]) -> float:
    """The median duration of `calls` calls in ms; `after` follows each, outside the time."""
    taken = []
    for _ in range(calls):
        taken.append(seconds(work) * 1000)
        after()
    return statistics.median(taken)
