"""Many at once: processes with threads, each thread a claimer, started together.

Python's lock lets one thread of a process compute at a time, so a single process would measure that
lock. Both sides of a comparison run in the same processes, with pools of the same size.
"""

import multiprocessing
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from multiprocessing.connection import Connection
from typing import Any

import django

from bench import cluster

PROCESSES = 2
# Connections of one process's pool, as `DATABASE_POOL` has it by default.
POOL = 8

# (thread's number, deadline on the monotonic clock) -> whatever the job counts.
Job = Callable[[int, float], Any]


@dataclass(frozen=True, slots=True)
class Shift:
    """What all threads returned, and how long the whole took."""

    results: list[Any]
    seconds: float


class Crowd:
    """Processes that wait for jobs; use as a context manager."""

    def __init__(self, processes: int = PROCESSES) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipes: list[Connection] = []
        self._processes = []
        for _ in range(processes):
            ours, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(theirs,), daemon=True)
            process.start()
            self._pipes.append(ours)
            self._processes.append(process)
        for pipe in self._pipes:
            _answer(pipe)

    def __enter__(self) -> "Crowd":
        return self

    def __exit__(self, *_: object) -> None:
        for pipe in self._pipes:
            pipe.send(None)
        for process in self._processes:
            process.join(10)

    def run(
        self, job: str, *, database: str, threads: int, seconds: float, **options: Any
    ) -> Shift:
        """`job` is the path of a function(database, number of people, options) that makes a Job.

        `threads` in all, as evenly over the processes as they go.
        """
        shares = _shares(threads, len(self._pipes))
        busy = [(pipe, share) for pipe, share in zip(self._pipes, shares, strict=True) if share]
        for pipe, numbers in busy:
            pipe.send((job, database, numbers, options))
        for pipe, _ in busy:
            _answer(pipe)
        started = time.monotonic()
        for pipe, _ in busy:
            pipe.send(started + seconds)
        answers = [_answer(pipe) for pipe, _ in busy]
        ended = max(end for _, end in answers)
        return Shift([result for results, _ in answers for result in results], ended - started)


def _shares(threads: int, processes: int) -> list[list[int]]:
    shares: list[list[int]] = [[] for _ in range(processes)]
    for number in range(threads):
        shares[number % processes].append(number)
    return shares


def _answer(pipe: Connection) -> Any:
    answer = pipe.recv()
    if isinstance(answer, BaseException):
        raise answer
    return answer


def _serve(pipe: Connection) -> None:
    django.setup()
    pipe.send("ready")
    while (order := pipe.recv()) is not None:
        try:
            pipe.send(_work(pipe, *order))
        except Exception:
            pipe.send(RuntimeError(traceback.format_exc()))


def _work(
    pipe: Connection, path: str, database: str, numbers: Sequence[int], options: dict[str, Any]
) -> tuple[list[Any], float]:
    cluster.use(database)
    module, _, name = path.rpartition(".")
    job: Job = getattr(import_module(module), name)(database, **options)
    results: list[Any] = []
    failures: list[BaseException] = []

    def labour(number: int, deadline: float) -> None:
        try:
            results.append(job(number, deadline))
        except BaseException as error:
            failures.append(error)

    pipe.send("prepared")
    deadline = pipe.recv()
    threads = [threading.Thread(target=labour, args=(number, deadline)) for number in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ended = time.monotonic()
    if close := getattr(job, "close", None):
        close()
    cluster.leave()
    if failures:
        raise failures[0]
    return results, ended
