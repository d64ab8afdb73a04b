"""The registry of review queues: URLs, tabs, counts, REST, metrics and contract tests follow from
it.
"""

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.module_loading import import_string

from moderation.enums import ReviewStatus
from moderation.errors import UnknownQueue, UnknownSubjectType
from moderation.models import Reviewable


class ReviewQueue:
    """What the engine asks about one kind of subject; a content app subclasses it once.

    `contexts()` returns, for each subject, a JSON object of which the review page shows what it
    finds: `facts` [[label, value], …] · `prompt`, `negative_prompt` str ·
    `parameters` {name: value} · `character` {"id", "name", "bio", "avatar_url", "is_public"} ·
    `user` {"id"} · `changes` [{"field", "before", "after", "label", "words", "pictures"}, …], of
    which `pictures`, {"before", "after"}: {"url", "thumb_url", "width", "height"} or null, is
    there where pictures changed · `conversation`, `decided` [{"id", "type", "status", "label",
    "thumb_url"}, …], other subjects beside it. The engine adds `flagged` [words of `text_of()` that
    the word list finds, …], `flagged_spans` (see flagging.flagged()), `reports` [{"kind",
    "reporter", "category", "label", "text", "at", "open"}, …], and what user_records() say to
    `user`.
    """

    slug: ClassVar[str]
    title: ClassVar[str | Promise]
    model: ClassVar[type[Reviewable] | None] = None
    permission: ClassVar[str] = "accounts.moderate"
    sla: ClassVar[timedelta] = timedelta(hours=4)
    card_template: ClassVar[str] = "moderation/cards/subject.html"
    picture_role: ClassVar[str] = "picture"
    # Where it keeps a refused picture when another one takes its place; "": nowhere.
    refused_role: ClassVar[str] = ""
    # A Material symbol for the sidebar.
    icon: ClassVar[str] = "image"
    filterset_class: ClassVar[type[Any] | None] = None
    # Fields that hold the upstream character and user; "" where there is none.
    character_field: ClassVar[str] = ""
    user_field: ClassVar[str] = ""
    # Further columns that hold ids and that an index begins with: searched by how they begin.
    id_columns: ClassVar[tuple[str, ...]] = ()

    def load(self, ids: Collection[uuid.UUID]) -> list[Reviewable]:
        """The subjects with what a card needs, in a fixed number of queries, in any order."""
        return list(self.queryset().filter(pk__in=list(ids)))

    def queryset(self) -> QuerySet[Any]:
        assert self.model is not None
        return self.model._default_manager.select_related("source")

    @property
    def subject_type(self) -> str:
        assert self.model is not None
        return self.model.subject_type()

    def narrow(
        self, rows: QuerySet[Any], *, character: str | None, user: str | None
    ) -> QuerySet[Any]:
        """Filters of the subjects list: an upstream character, an upstream user."""
        for field, value in ((self.character_field, character), (self.user_field, user)):
            if value:
                rows = rows.filter(**{field: value}) if field else rows.none()
        return rows

    def search_texts(self, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Sequence[str]]:
        """What people find these subjects by beside their ids; by id, without those that are
        purged or erased. A fixed number of queries.
        """
        return {
            subject.pk: (self.title_of(subject), self.text_of(subject))
            for subject in self.load(ids)
            if subject.review_status != ReviewStatus.PURGED
        }

    def title_of(self, subject: Reviewable) -> str:
        return str(subject)

    def text_of(self, subject: Reviewable) -> str:
        """The text under review: a prompt, a biography; plain, never markup."""
        return ""

    def contexts(
        self, subjects: Sequence[Reviewable], *, user: Any
    ) -> dict[uuid.UUID, dict[str, Any]]:
        """By subject id; a fixed number of queries however many subjects."""
        return {subject.pk: {} for subject in subjects}

    def user_records(self, user_ids: Collection[str]) -> dict[str, dict[str, int]]:
        """What upstream users made of what this queue reviews, for those who made something:
        `pictures`, `rejected`, `rejected_30d`. One query along an index.
        """
        return {}

    def raw_of(self, subject: Reviewable) -> Any:
        """The newest upstream object as it came, for the subject's page; None for what was made
        here.
        """
        return None

    def versions_at(self, subject: Reviewable) -> list[datetime]:
        """When each version of its content came; one query along an index. Empty when unknown."""
        return []

    def fresh_urls(self, subject_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
        """New origin links where the old ones expired; none where upstream's links do not
        expire.
        """
        return {}

    def picture_changes(self, subject_ids: Collection[uuid.UUID]) -> None:
        """Called before a subject's picture becomes another one, or gets its first bytes."""

    def due_for_review(self, pending: QuerySet[Any]) -> QuerySet[Any]:
        """Those of the pending subjects that must have a case (an asset only once it is Active)."""
        return pending

    def sensitive(self, subject: Reviewable) -> bool:
        """Whether every view of the bytes is logged."""
        return False


def newest_raw(versions: QuerySet[Any]) -> Any:
    """The newest of one subject's upstream objects (`raw`), None without any.

    Compared here: asked for the highest id alone, PostgreSQL may walk the whole table backwards.
    """
    rows = list(versions.order_by().values_list("pk", "raw"))
    return max(rows, key=lambda row: row[0])[1] if rows else None


@lru_cache(maxsize=8)
def _queues(paths: tuple[str, ...]) -> dict[str, ReviewQueue]:
    found: dict[str, ReviewQueue] = {}
    for path in paths:
        queue = import_string(path)()
        if queue.slug in found:
            raise ImproperlyConfigured(f"REVIEW_QUEUES: two queues share the slug {queue.slug!r}")
        found[queue.slug] = queue
    return found


def queues() -> dict[str, ReviewQueue]:
    """By slug, in the order of settings.REVIEW_QUEUES."""
    return _queues(tuple(settings.REVIEW_QUEUES))


def get_queue(slug: str) -> ReviewQueue:
    """Raises UnknownQueue."""
    try:
        return queues()[slug]
    except KeyError:
        raise UnknownQueue(slug) from None


def queue_for(subject_type: str) -> ReviewQueue:
    """The subject's own queue (not one that holds any type). Raises UnknownSubjectType."""
    for queue in queues().values():
        if queue.model is not None and queue.model.subject_type() == subject_type:
            return queue
    raise UnknownSubjectType(subject_type)


def model_for(subject_type: str) -> type[Reviewable]:
    """Raises UnknownSubjectType."""
    model = queue_for(subject_type).model
    assert model is not None
    return model


def subject_types() -> list[str]:
    return [queue.model.subject_type() for queue in queues().values() if queue.model is not None]
