"""Answers kept for a few seconds in this process, so that busy pages spare the database."""

import time
from collections.abc import Callable
from functools import update_wrapper
from typing import Any, ClassVar, Generic, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Kept(Generic[P, T]):
    """A function whose answers are good for `seconds`; arguments hashable, answers unchanged."""

    all: ClassVar["list[Kept[Any, Any]]"] = []

    def __init__(self, function: Callable[P, T], seconds: float) -> None:
        self.function = function
        self.seconds = seconds
        self.answers: dict[object, tuple[float, T]] = {}
        update_wrapper(self, function)
        Kept.all.append(self)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        key = (args, tuple(sorted(kwargs.items())))
        now = time.monotonic()
        known = self.answers.get(key)
        if known is not None and known[0] > now:
            return known[1]
        answer = self.function(*args, **kwargs)
        self.answers = {k: v for k, v in self.answers.items() if v[0] > now}
        self.answers[key] = (now + self.seconds, answer)
        return answer

    def forget(self) -> None:
        self.answers = {}


def kept_for(seconds: float) -> Callable[[Callable[P, T]], Kept[P, T]]:
    return lambda function: Kept(function, seconds)


def forget_everything() -> None:
    """As if every answer of this process had grown old."""
    for kept in Kept.all:
        kept.forget()
