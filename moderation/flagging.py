"""The word list over what is reviewed: which words of a text are marked, and which cases come
sooner.

A sync writes thousands of rows a second. It only notes in the outbox what it wrote; a worker reads
the texts seconds later.
"""

import uuid
from collections.abc import Sequence
from typing import Any

from moderation import outbox
from moderation.cases import NewCase, raise_cases
from moderation.enums import CaseKind, Priority, ReviewStatus, Severity, TermAction, Why
from moderation.models import Case, Reviewable
from moderation.registry import ReviewQueue, queue_for
from moderation.words import Hit, find_terms, gravest

TOPIC = "read_texts"
# Subjects that are loaded and read at once.
CHUNK = 500

_PRIORITIES = {
    Severity.LOW: Priority.RAISED,
    Severity.MEDIUM: Priority.RAISED,
    Severity.HIGH: Priority.HIGH,
    Severity.CRITICAL: Priority.TOP,
}


def flagged_words(queue: ReviewQueue, subjects: Sequence[Reviewable]) -> dict[uuid.UUID, list[str]]:
    """By subject id what the list finds in its text, spelled as it stands there; one query."""
    texts = [queue.text_of(subject) for subject in subjects]
    return {
        subject.pk: list(dict.fromkeys(text[hit.start : hit.end] for hit in hits))
        for subject, text, hits in zip(subjects, texts, find_terms(texts), strict=True)
    }


def read_soon(*, subject_type: str, subject_ids: Sequence[uuid.UUID | str]) -> None:
    """Has a worker read these subjects' new texts; in the transaction that writes them."""
    if subject_ids:
        ids = [str(each) for each in subject_ids]
        outbox.enqueue(TOPIC, {"type": subject_type, "subjects": ids})


def read_texts(payload: dict[str, Any]) -> None:
    """Outbox handler: the cases of texts with hits come sooner and say why."""
    queue = queue_for(payload["type"])
    ids = [uuid.UUID(each) for each in payload["subjects"]]
    for start in range(0, len(ids), CHUNK):
        subjects = _under_review(queue.load(ids[start : start + CHUNK]))
        found = find_terms([queue.text_of(subject) for subject in subjects])
        raised = [_raised(each, hits) for each, hits in zip(subjects, found, strict=True)]
        raise_cases([row for row in raised if row is not None])


def _under_review(subjects: Sequence[Reviewable]) -> list[Reviewable]:
    """Without those that wait to become complete: their case, and this, comes then."""
    waiting = [each.pk for each in subjects if each.review_status == ReviewStatus.PENDING]
    open_ids = Case.objects.filter(subject_id__in=waiting).values_list("subject_id", flat=True)
    without = set(waiting) - set(open_ids)
    return [each for each in subjects if each.pk not in without]


def _raised(subject: Reviewable, hits: Sequence[Hit]) -> NewCase | None:
    worst = gravest([hit for hit in hits if hit.action != TermAction.MARK])
    if worst is None:
        return None
    return NewCase(
        subject_type=subject.subject_type(),
        subject_id=subject.pk,
        kind=CaseKind.SECOND_LOOK,
        why=[Why.FLAGGED_TEXT],
        priority=_PRIORITIES[Severity(worst.severity)],
    )
