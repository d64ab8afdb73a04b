"""What each thread of a crowd does: claim and decide, through the engine or in plain psycopg."""

import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

import psycopg
from django.db import connection
from psycopg_pool import ConnectionPool

from accounts.models import User
from bench import cluster, raw
from bench.crowd import POOL
from bench.people import moderators
from moderation import cases, recording
from moderation.actors import Actor
from moderation.audit import GENESIS
from moderation.enums import Action
from moderation.services import Request, decide

LIMIT = 20
Ids = list[uuid.UUID]


def _people() -> list[tuple[User, Actor]]:
    """With the pool filled, so that nobody measures logging in."""
    connection.ensure_connection()
    pool = connection.pool
    assert pool is not None
    connection.close()
    pool.resize(POOL, POOL)
    pool.wait()
    found = [(user, Actor.person(user)) for user in moderators()]
    for user, _ in found:
        user.has_perm("accounts.moderate")
    connection.close()
    return found


class EngineWork:
    """Claim 20, decide 20, as two requests do, each with a connection from the pool."""

    def __init__(self, database: str) -> None:
        self.people = _people()

    def __call__(self, number: int, deadline: float) -> Ids:
        user, actor = self.people[number]
        done: Ids = []
        while time.monotonic() < deadline:
            claimed = cases.claim(user=user, queue="images", limit=LIMIT)
            connection.close()
            requests = [
                Request(Action.APPROVE, case=case.pk, claim_token=case.claim_token)
                for case in claimed
            ]
            if not requests:
                break
            made = decide(requests=requests, actor=actor)
            connection.close()
            done += [each.subject[1] for each in made.results if each.subject and each.decision]
        return done


class RawWork:
    """The same with plain psycopg and its own pool of the same size and checks."""

    def __init__(self, database: str) -> None:
        self.people = [(user.pk, actor.role) for user, actor in _people()]
        connection.close_pool()
        self.pool = ConnectionPool(
            cluster.url_of(database), min_size=POOL, max_size=POOL, open=True,
            check=ConnectionPool.check_connection,
            kwargs={"autocommit": True, "prepare_threshold": 0},
        )  # fmt: skip
        self.pool.wait()

    def __call__(self, number: int, deadline: float) -> Ids:
        user, role = self.people[number]
        done: Ids = []
        while time.monotonic() < deadline:
            with self.pool.connection() as one:
                claimed = raw.claim(one, user=user, limit=LIMIT)
            if not claimed:
                break
            with self.pool.connection() as one:
                done += raw.approve(one, claimed, user=user, role=role)
        return done

    def close(self) -> None:
        self.pool.close()


class ClaimWork:
    """Claims alone; a person whose hands are full (500) passes on to the next."""

    def __init__(self, database: str, claimers: int) -> None:
        self.people = _people()
        self.claimers = claimers

    def __call__(self, number: int, deadline: float) -> Ids:
        users = iter([user for user, _ in self.people[number :: self.claimers]])
        user = next(users)
        claimed: Ids = []
        while time.monotonic() < deadline:
            found = cases.claim(user=user, queue="images", limit=LIMIT)
            connection.close()
            claimed += [case.pk for case in found]
            if not found and (user := next(users, None)) is None:
                break
        return claimed


class DecideWork:
    """Decisions alone, 20 a time on open cases that nobody holds; with the log, or without it."""

    def __init__(self, database: str, writers: int, audited: bool) -> None:
        self.people = _people()
        self.writers = writers
        self.stack = ExitStack()
        if not audited:
            self.stack.enter_context(_unaudited())
        with psycopg.connect(cluster.url_of(database)) as one:
            rows = one.execute("SELECT subject_id FROM moderation_case ORDER BY opened_at, id")
            self.subjects = [row[0] for row in rows]

    def __call__(self, number: int, deadline: float) -> Ids:
        actor = self.people[number][1]
        mine = self.subjects[number :: self.writers]
        done: Ids = []
        for start in range(0, len(mine), LIMIT):
            if time.monotonic() >= deadline:
                break
            ids = mine[start : start + LIMIT]
            decide(
                requests=[Request(Action.APPROVE, subject=("gallery.imagelog", pk)) for pk in ids],
                actor=actor,
            )
            connection.close()
            done += ids
        return done

    def close(self) -> None:
        self.stack.close()


@contextmanager
def _unaudited() -> Iterator[None]:
    """decide() as it would be without its log: no row, no hash."""
    with (
        patch.object(recording.store, "insert_decisions", lambda rows: None),
        patch.object(recording, "row_hash", lambda row: GENESIS),
    ):
        yield
