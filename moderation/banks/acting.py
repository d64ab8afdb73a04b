"""What follows when a picture is near an entry: a rejection by rule, a case that comes first, or a
remark on its case.
"""

import random
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from core.keys import uuid7
from media.models import Attachment, Fingerprint
from moderation.actors import Actor
from moderation.banks.counting import matched
from moderation.banks.loading import wait_for_new_entries
from moderation.banks.matching import SEVERITY, BankHit, Print, Within, find
from moderation.cases import NewCase, open_cases, raise_cases
from moderation.enums import Action, BankAction, CaseKind, Outcome, Priority, ReviewStatus, Why
from moderation.models import BankMatch, BankScan
from moderation.registry import model_for, queue_for
from moderation.services import Request, decide
from moderation.store import SubjectKey


@dataclass(slots=True)
class Found:
    """A picture of a subject and the hit that decides what is done; `action` becomes less where
    people had decided before. `known`: the match, when the bank had met the picture before."""

    subject: SubjectKey
    file_id: uuid.UUID
    hit: BankHit
    action: BankAction
    batch: uuid.UUID | None = None
    sampled: bool = False
    known: BankMatch | None = None


def look_up(attachments: Sequence[Attachment]) -> int:
    """Compares pictures that have just arrived with all banks, and acts; how many matches.

    In the transaction that records them: a scan of new entries waits for it to end.
    """
    with_file = [each for each in attachments if each.file_id is not None]
    if not with_file:
        return 0
    wait_for_new_entries()
    return act(with_file)


def act(
    attachments: Sequence[Attachment],
    *,
    within: Within | None = None,
    scan: BankScan | None = None,
) -> int:
    """Looks the attachments' pictures up, all banks or `within` some entries, and does what the
    gravest hit of each subject says; how many matches are new or graver than before. In the
    caller's transaction. What a subject only keeps aside, a former avatar, is not looked at."""
    shown = [each for each in attachments if each.role == queue_for(each.subject_type).picture_role]
    prints = _prints({each.file_id for each in shown if each.file_id is not None})
    known = [each for each in shown if each.file_id in prints]
    hits = find([prints[each.file_id] for each in known if each.file_id], within=within)
    found = _new_ones(
        Found((each.subject_type, each.subject_id), each.file_id, hit, hit.action)
        for each, near in zip(known, hits, strict=True)
        for hit in _nearest_of_each_bank(near, but=(each.subject_type, each.subject_id))
        if each.file_id is not None
    )
    _follow(found, scan)
    _note(found, scan)
    return len(found)


def _prints(file_ids: set[uuid.UUID]) -> dict[uuid.UUID | None, Print]:
    rows = Fingerprint.objects.filter(file__in=file_ids).values_list(
        "file_id", "pdq", "file__sha256"
    )
    return {
        file_id: Print(bytes(pdq) if pdq is not None else None, bytes(sha256))
        for file_id, pdq, sha256 in rows
    }


def _nearest_of_each_bank(hits: Sequence[BankHit], *, but: SubjectKey) -> Iterable[BankHit]:
    """Hits come with the nearest first; a subject's own entry says nothing of it."""
    nearest: dict[int, BankHit] = {}
    for hit in hits:
        if hit.subject != but:
            nearest.setdefault(hit.bank_id, hit)
    return nearest.values()


def _new_ones(found: Iterable[Found]) -> list[Found]:
    """Those whose picture has not met this bank before, of subjects that can still be decided; and
    those that the bank treats more gravely by now, where nobody here has decided."""
    candidates = list(found)
    if not candidates:
        return []
    rows = BankMatch.objects.filter(subject_id__in={each.subject[1] for each in candidates})
    known = {(row.subject_id, row.file_id, row.bank_id): row for row in rows}
    undecided = _undecided({each.subject for each in candidates})
    new: list[Found] = []
    for each in candidates:
        if each.subject not in undecided:
            continue
        each.known = known.get((each.subject[1], each.file_id, each.hit.bank_id))
        if each.action == BankAction.REJECT and not (undecided[each.subject] and each.hit.reason):
            each.action = BankAction.FIRST
        if each.known is None or (undecided[each.subject] and _is_graver(each)):
            new.append(each)
    return new


def _is_graver(each: Found) -> bool:
    assert each.known is not None
    return SEVERITY[each.action] < SEVERITY[BankAction(each.known.action)]


def _comes_first(each: Found) -> bool:
    """Once: not again when what could not be rejected came first before."""
    return each.action == BankAction.FIRST and (each.known is None or _is_graver(each))


def _undecided(subjects: set[SubjectKey]) -> dict[SubjectKey, bool]:
    """Pending and approved ones; True where nobody here has decided on it yet."""
    found: dict[SubjectKey, bool] = {}
    for subject_type in {each[0] for each in subjects}:
        rows = model_for(subject_type).objects.filter(
            pk__in=[each[1] for each in subjects if each[0] == subject_type],
            review_status__in=[ReviewStatus.PENDING, ReviewStatus.APPROVED],
        )
        for pk, reviewed_at, held in rows.values_list("pk", "reviewed_at", "held"):
            found[subject_type, pk] = reviewed_at is None and not held
    return found


def _follow(found: Sequence[Found], scan: BankScan | None) -> None:
    """The gravest of a subject's hits is done; every one is named on its case."""
    by_subject: dict[SubjectKey, list[Found]] = {}
    for each in sorted(found, key=lambda each: SEVERITY[each.action]):
        by_subject.setdefault(each.subject, []).append(each)
    rejected = _reject_all(by_subject, scan)
    first = {
        subject
        for subject, hits in by_subject.items()
        if subject not in rejected and any(_comes_first(each) for each in hits)
    }
    words: dict[SubjectKey, list[str]] = {}
    for each in found:
        words.setdefault(each.subject, []).append(each.hit.words)
    _raise({subject: words[subject] for subject in first})
    _mark({subject: words[subject] for subject in words.keys() - first})


def _reject_all(
    by_subject: dict[SubjectKey, list[Found]], scan: BankScan | None
) -> set[SubjectKey]:
    """Which subjects are rejected: by their first bank that can, when a reason is not in force any
    more by the next."""
    rejected: set[SubjectKey] = set()
    waiting = {
        subject: [each for each in hits if each.action == BankAction.REJECT]
        for subject, hits in by_subject.items()
    }
    while waiting := {subject: hits for subject, hits in waiting.items() if hits}:
        turn = [hits[0] for hits in waiting.values()]
        for rule in sorted({each.hit.rule for each in turn}):
            _reject([each for each in turn if each.hit.rule == rule], scan)
        rejected |= {each.subject for each in turn if each.batch is not None}
        waiting = {
            subject: hits[1:] for subject, hits in waiting.items() if subject not in rejected
        }
    return rejected


def _reject(found: Sequence[Found], scan: BankScan | None) -> None:
    """One batch for one bank, or one scan. What cannot be rejected (a lead's, a held one) comes
    first."""
    batch = _batch_of(scan) or uuid7()
    made = decide(
        requests=[
            Request(
                Action.REJECT, subject=each.subject, reason=each.hit.reason, note=each.hit.words
            )
            for each in found
        ],
        actor=Actor.rule(found[0].hit.rule),
        batch=batch,
    )
    for each, result in zip(found, made.results, strict=True):
        if result.status == Outcome.APPLIED:
            each.batch = batch
            each.sampled = random.uniform(0, 100) < each.hit.sample_percent
        else:
            each.action = BankAction.FIRST
    open_cases(
        [
            NewCase(
                subject_type=each.subject[0], subject_id=each.subject[1],
                kind=CaseKind.SECOND_LOOK, why=[Why.SAMPLED, each.hit.words],
            )
            for each in found
            if each.sampled
        ]
    )  # fmt: skip


def _batch_of(scan: BankScan | None) -> uuid.UUID | None:
    """What earlier pieces of the scan rejected is undone together with what this one does."""
    if scan is None:
        return None
    rows = BankMatch.objects.filter(scan=scan, batch__isnull=False)
    return next(iter(rows.values_list("batch", flat=True)[:1]), None)


def _raise(words: dict[SubjectKey, list[str]]) -> None:
    raise_cases(
        [
            NewCase(
                subject_type=subject_type, subject_id=subject_id, kind=CaseKind.SECOND_LOOK,
                why=[Why.KNOWN_PICTURE, *why], priority=Priority.TOP,
            )
            for (subject_type, subject_id), why in words.items()
        ]
    )  # fmt: skip


def _mark(words: dict[SubjectKey, list[str]]) -> None:
    """Adds to the causes of open cases, which leave their families; opens none."""
    pairs = [(subject[1], word) for subject, each in words.items() for word in each]
    if pairs:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE moderation_case c SET why = c.why || v.words, family = NULL,"
                " compared = false FROM"
                " (SELECT subject_id, array_agg(word)::varchar[] AS words"
                "  FROM unnest(%s::uuid[], %s::varchar[]) AS u(subject_id, word)"
                "  GROUP BY subject_id) v"
                " WHERE c.subject_id = v.subject_id AND NOT c.why @> v.words",
                [[pair[0] for pair in pairs], [pair[1] for pair in pairs]],
            )


def _note(found: Sequence[Found], scan: BankScan | None) -> None:
    new = [each for each in found if each.known is None]
    BankMatch.objects.bulk_create(
        [
            BankMatch(
                bank_id=each.hit.bank_id, subject_type=each.subject[0],
                subject_id=each.subject[1], file_id=each.file_id, **_noted(each, scan),
            )
            for each in new
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    matched([each.hit.bank_id for each in new])
    # Where rejecting failed it may be no graver than it was.
    for each in found:
        if each.known is not None and _is_graver(each):
            same = BankMatch.objects.filter(pk=each.known.pk, action=each.known.action)
            same.update(**_noted(each, scan))


def _noted(each: Found, scan: BankScan | None) -> dict[str, Any]:
    return {
        "entry_id": each.hit.entry_id, "distance": each.hit.distance, "action": each.action,
        "batch": each.batch, "sampled": each.sampled, "scan": scan,
    }  # fmt: skip
