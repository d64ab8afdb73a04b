"""What stands beside a subject wherever staff look: facts, flagged words, what people said."""

import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from moderation.flagging import flagged
from moderation.models import Reviewable
from moderation.registry import ReviewQueue, queues
from moderation.reports import reports_of


def contexts_of(
    queue: ReviewQueue, subjects: Sequence[Reviewable], *, user: Any
) -> dict[uuid.UUID, dict[str, Any]]:
    """By subject id: the queue's contexts() and what the engine itself knows; a fixed number of
    queries.
    """
    contexts = queue.contexts(subjects, user=user)
    found = flagged(queue, subjects, contexts)
    records = _records(contexts.values())
    said = reports_of([subject.pk for subject in subjects])
    return {
        subject.pk: _with_record(contexts.get(subject.pk, {}), records)
        | found[subject.pk]
        | {"reports": said.get(subject.pk, [])}
        for subject in subjects
    }


def _records(contexts: Iterable[dict[str, Any]]) -> dict[str, dict[str, int]]:
    """By upstream user id, over everything that queues count."""
    ids = {context["user"]["id"] for context in contexts if context.get("user")} - {""}
    found: dict[str, Counter[str]] = {
        user_id: Counter(pictures=0, rejected=0, rejected_30d=0) for user_id in ids
    }
    for queue in queues().values() if ids else ():
        for user_id, record in queue.user_records(ids).items():
            found[user_id].update(record)
    return {user_id: dict(record) for user_id, record in found.items()}


def _with_record(context: dict[str, Any], records: dict[str, dict[str, int]]) -> dict[str, Any]:
    user = context.get("user")
    return context | {"user": user | records.get(user["id"], {})} if user else context
