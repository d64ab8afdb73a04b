"""The word list over what is reviewed: which places of a text are marked, and which cases come
sooner.

A sync writes thousands of rows a second. It only notes in the outbox what it wrote; a worker reads
the texts seconds later.
"""

import uuid
from collections.abc import Mapping, Sequence
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
# Texts of a queue's context that cards show by themselves.
SHOWN_TEXTS = ("name", "bio", "prompt", "negative_prompt")

_PRIORITIES = {
    Severity.LOW: Priority.RAISED,
    Severity.MEDIUM: Priority.RAISED,
    Severity.HIGH: Priority.HIGH,
    Severity.CRITICAL: Priority.TOP,
}


def flagged(
    queue: ReviewQueue,
    subjects: Sequence[Reviewable],
    contexts: Mapping[uuid.UUID, Mapping[str, Any]],
) -> dict[uuid.UUID, dict[str, Any]]:
    """By subject id what the list finds, one query. `flagged`: what it found in text_of(), spelled
    as it stands there. `flagged_spans`: {"text" or a key of the context: [[start, end], …]} of
    every text with hits; offsets in characters (code points), in order and without overlaps.
    """
    texts = {subject.pk: _texts(queue, subject, contexts) for subject in subjects}
    unique = list({text for shown in texts.values() for text in shown.values()})
    hits = dict(zip(unique, find_terms(unique), strict=True))
    return {
        subject_id: {
            "flagged": _spellings(shown["text"], hits[shown["text"]]),
            "flagged_spans": {
                name: _spans(hits[text]) for name, text in shown.items() if hits[text]
            },
        }
        for subject_id, shown in texts.items()
    }


def _texts(
    queue: ReviewQueue, subject: Reviewable, contexts: Mapping[uuid.UUID, Mapping[str, Any]]
) -> dict[str, str]:
    context = contexts.get(subject.pk, {})
    return {"text": queue.text_of(subject)} | {
        name: context[name] for name in SHOWN_TEXTS if isinstance(context.get(name), str)
    }


def _spellings(text: str, hits: Sequence[Hit]) -> list[str]:
    return list(dict.fromkeys(text[hit.start : hit.end] for hit in hits))


def _spans(hits: Sequence[Hit]) -> list[list[int]]:
    spans: list[list[int]] = []
    for hit in hits:
        if spans and hit.start < spans[-1][1]:
            spans[-1][1] = max(spans[-1][1], hit.end)
        else:
            spans.append([hit.start, hit.end])
    return spans


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
        raise_cases(_without_marked([row for row in raised if row is not None]))


def _under_review(subjects: Sequence[Reviewable]) -> list[Reviewable]:
    """Without those that wait to become complete: their case, and this, comes then."""
    waiting = [each.pk for each in subjects if each.review_status == ReviewStatus.PENDING]
    open_ids = Case.objects.filter(subject_id__in=waiting).values_list("subject_id", flat=True)
    without = set(waiting) - set(open_ids)
    return [each for each in subjects if each.pk not in without]


def _without_marked(rows: Sequence[NewCase]) -> list[NewCase]:
    """Without those whose case says so already and comes as soon: it keeps its family."""
    marked = Case.objects.filter(
        subject_id__in=[row.subject_id for row in rows], why__contains=[Why.FLAGGED_TEXT]
    )
    known = dict(marked.values_list("subject_id", "priority")) if rows else {}
    return [row for row in rows if known.get(row.subject_id, -1) < row.priority]


def _raised(subject: Reviewable, hits: Sequence[Hit]) -> NewCase | None:
    worst = gravest([hit for hit in hits if hit.action != TermAction.MARK])
    if worst is None:
        return None
    return NewCase(
        subject_type=subject.subject_type(),
        subject_id=subject.pk,
        kind=CaseKind.SECOND_LOOK,
        why=[Why.FLAGGED_TEXT],
        priority=priority_of(worst),
    )


def priority_of(hit: Hit) -> int:
    """How soon the case of a text with this hit comes."""
    return _PRIORITIES[Severity(hit.severity)]
