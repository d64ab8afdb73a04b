"""Finding subjects by ids, pasted addresses and words: one way behind REST, console and lists."""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db import OperationalError, connection, transaction
from django.db.models import BooleanField, Exists, F, Func, OuterRef, QuerySet, Value
from psycopg.errors import QueryCanceled

from accounts.models import User
from moderation.errors import SearchTooBroad
from moderation.models import SearchEntry
from moderation.ranges import first_id_at, prefixed
from moderation.registry import ReviewQueue, queues
from moderation.search.addresses import is_address, subjects_named
from moderation.search.texts import Question, read_question
from moderation.visibility import visible_to
from upstream.models import Source

# Of each column at most so many rows whose ids begin so: what fits more is none to search by.
MATCHES = 500
# What is shorter must be the whole id.
SHORTEST_PREFIX = 3
SECONDS = 5
# Words that so many texts have are looked for among the newest subjects, others by their index.
FEW = 2_000


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What to search for; empty means any. `queue`: of one type only."""

    text: str = ""
    queue: ReviewQueue | None = None
    status: str = ""
    character: str = ""
    user: str = ""
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """One page, newest first, and the id behind which the next one begins (None: no more)."""

    subjects: list[tuple[ReviewQueue, Any]]
    after: uuid.UUID | None


def find(wanted: Wanted, *, viewer: User, after: uuid.UUID | None = None, limit: int = 50) -> Found:
    """Subjects of all types that `viewer` may see, newest first; rows as `queue.queryset()`.

    Raises SearchTooBroad when the database needs longer than SECONDS.
    """
    search = Search(wanted.text)
    chosen = [wanted.queue] if wanted.queue else [q for q in queues().values() if q.model]
    found: list[tuple[ReviewQueue, Any]] = []
    with _bounded():
        for queue in chosen:
            rows = _narrowed(queue, wanted, viewer)
            if after is not None:
                rows = rows.filter(pk__lt=after)
            page = search.narrow(rows, queue).order_by("-pk")[: limit + 1]
            found += [(queue, subject) for subject in page]
    found.sort(key=lambda one: one[1].pk, reverse=True)
    more, found = len(found) > limit, found[:limit]
    return Found(found, found[-1][1].pk if more else None)


def _narrowed(queue: ReviewQueue, wanted: Wanted, viewer: User) -> QuerySet[Any]:
    rows = visible_to(queue.queryset(), viewer)
    if wanted.status:
        rows = rows.filter(review_status=wanted.status)
    if wanted.since:
        rows = rows.filter(pk__gte=first_id_at(wanted.since))
    return queue.narrow(rows, character=wanted.character, user=wanted.user)


@contextmanager
def _bounded() -> Iterator[None]:
    """Words that are everywhere, and never together, may keep the database busy: not for long."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = '{SECONDS}s'")
            yield
            cursor.execute("SET LOCAL statement_timeout = DEFAULT")
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise SearchTooBroad from error
        raise


class Search:
    """One search text, read once and applied to the rows of any type."""

    def __init__(self, text: str) -> None:
        self.text = text.replace("\0", "").strip()
        self.question = Question("") if is_address(self.text) else read_question(self.text)
        self.named = subjects_named(self.text)

    def narrow(self, rows: QuerySet[Any], queue: ReviewQueue) -> QuerySet[Any]:
        """Those of `rows` that the text names or describes; all of them for an empty text."""
        if not self.text:
            return rows
        ids = self._by_id(queue)
        has_ids = bool(ids) and ids[0].union(*ids[1:]).exists()
        if not self.question.terms:
            return rows.filter(pk__in=ids[0].union(*ids[1:])) if has_ids else rows.none()
        if self.few is None:
            words = self._by_words().filter(subject_type=queue.subject_type)
            if has_ids:
                return rows.filter(pk__in=ids[0].union(*ids[1:], words.values("pk")))
            return rows.filter(Exists(words.filter(pk=OuterRef("pk"))))
        if not has_ids:
            return rows.filter(pk__in=self.few)
        by_words = queue.queryset().order_by().filter(pk__in=self.few).values("pk")
        return rows.filter(pk__in=ids[0].union(*ids[1:], by_words))

    @cached_property
    def few(self) -> list[uuid.UUID] | None:
        """The ids of all texts that have the words, of any type; None when they are many.

        As a list: the planner takes a rare word for more common than it is, and would walk all
        subjects for it.
        """
        found = list(self._by_words().values_list("pk", flat=True)[: FEW + 1])
        return found if len(found) <= FEW else None

    def _by_words(self) -> QuerySet[SearchEntry]:
        found = SearchEntry.objects.filter(_has(self.question.terms))
        for part in self.question.parts:
            found = found.filter(text__contains=part)
        return found

    def _by_id(self, queue: ReviewQueue) -> list[QuerySet[Any]]:
        """Primary keys by what the text names, by upstream ids and by columns that hold ids; each
        by an index.
        """
        rows = queue.queryset().order_by().values("pk")
        found = [rows.filter(pk__in=self.named)] if self.named else []
        if not self.may_be_id:
            return found
        # The unique index begins with the source, so every source is named.
        upstream = {"source__in": self.sources}
        found.append(rows.filter(**upstream, upstream_id=self.text))
        found += [rows.filter(**{column: self.text}) for column in queue.id_columns]
        if len(self.text) >= SHORTEST_PREFIX:
            found.append(rows.filter(prefixed("upstream_id", self.text), **upstream)[:MATCHES])
            begins = [prefixed(column, self.text) for column in queue.id_columns]
            found += [rows.filter(condition)[:MATCHES] for condition in begins]
        return found

    @property
    def may_be_id(self) -> bool:
        """Ids of upstreams are one word of ASCII."""
        return self.text.isascii() and not is_address(self.text) and len(self.text.split()) == 1

    @cached_property
    def sources(self) -> list[int]:
        return list(Source.objects.values_list("pk", flat=True))


def _has(terms: str) -> Func:
    """`terms @@ …`: by the GIN index."""
    return Func(
        F("terms"), Value(terms), arg_joiner=" @@ ", template="(%(expressions)s::tsquery)",
        output_field=BooleanField(),
    )  # fmt: skip


def loaded(found: Sequence[tuple[ReviewQueue, Any]]) -> list[tuple[ReviewQueue, Any]]:
    """The same subjects with what cards show, in their order; a fixed number of queries a type."""
    by_queue: dict[str, list[uuid.UUID]] = {}
    for queue, subject in found:
        by_queue.setdefault(queue.slug, []).append(subject.pk)
    known = {queue.slug: queue for queue, _ in found}
    subjects = {
        subject.pk: subject for slug, ids in by_queue.items() for subject in known[slug].load(ids)
    }
    return [(queue, subjects[one.pk]) for queue, one in found if one.pk in subjects]
