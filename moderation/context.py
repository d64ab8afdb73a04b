"""What stands beside a subject wherever staff look: facts, flagged words, what people said."""

import uuid
from collections.abc import Sequence
from typing import Any

from moderation.flagging import flagged
from moderation.models import Reviewable
from moderation.registry import ReviewQueue
from moderation.reports import reports_of


def contexts_of(
    queue: ReviewQueue, subjects: Sequence[Reviewable], *, user: Any
) -> dict[uuid.UUID, dict[str, Any]]:
    """By subject id: the queue's contexts() and what the engine itself knows; a fixed number of
    queries.
    """
    contexts = queue.contexts(subjects, user=user)
    found = flagged(queue, subjects, contexts)
    said = reports_of([subject.pk for subject in subjects])
    return {
        subject.pk: contexts.get(subject.pk, {})
        | found[subject.pk]
        | {"reports": said.get(subject.pk, [])}
        for subject in subjects
    }
