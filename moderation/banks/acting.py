"""What follows when a picture is near an entry: a rejection by rule, a case that comes first, or a
remark on its case.
"""

import random
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import connection

from core.keys import uuid7
from media.models import Attachment, Fingerprint
from moderation.actors import Actor
from moderation.banks.counting import matched
from moderation.banks.loading import wait_for_new_entries
from moderation.banks.matching import BankHit, Print, Within, find
from moderation.cases import NewCase, open_cases, raise_cases
from moderation.enums import Action, BankAction, CaseKind, Outcome, Priority, ReviewStatus, Why
from moderation.models import BankMatch, BankScan
from moderation.registry import model_for
from moderation.services import Request, decide
from moderation.store import SubjectKey


@dataclass(slots=True)
class Found:
    """A picture of a subject and the hit that decides what is done; `action` becomes less where
    people had decided before."""

    subject: SubjectKey
    file_id: uuid.UUID
    hit: BankHit
    action: BankAction
    batch: uuid.UUID | None = None
    sampled: bool = False


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
    gravest hit of each subject says; how many matches are new. In the caller's transaction."""
    prints = _prints({each.file_id for each in attachments if each.file_id is not None})
    known = [each for each in attachments if each.file_id in prints]
    hits = find([prints[each.file_id] for each in known if each.file_id], within=within)
    found = _new_ones(
        Found((each.subject_type, each.subject_id), each.file_id, hit, hit.action)
        for each, near in zip(known, hits, strict=True)
        for hit in _nearest_of_each_bank(near)
        if each.file_id is not None and hit.subject != (each.subject_type, each.subject_id)
    )
    _follow(found)
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


def _nearest_of_each_bank(hits: Sequence[BankHit]) -> Iterable[BankHit]:
    """Hits come with the nearest first."""
    nearest: dict[int, BankHit] = {}
    for hit in hits:
        nearest.setdefault(hit.bank_id, hit)
    return nearest.values()


def _new_ones(found: Iterable[Found]) -> list[Found]:
    """Those whose picture has not met this bank before, of subjects that can still be decided."""
    candidates = list(found)
    if not candidates:
        return []
    known = set(
        BankMatch.objects.filter(subject_id__in={each.subject[1] for each in candidates})
        .values_list("subject_id", "file_id", "bank_id")
    )  # fmt: skip
    undecided = _undecided({each.subject for each in candidates})
    new = [
        each
        for each in candidates
        if (each.subject[1], each.file_id, each.hit.bank_id) not in known
        and each.subject in undecided
    ]
    for each in new:
        if each.action == BankAction.REJECT and not (undecided[each.subject] and each.hit.reason):
            each.action = BankAction.FIRST
    return new


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


def _follow(found: Sequence[Found]) -> None:
    """The gravest of a subject's hits is done; every one is named on its case."""
    gravest: dict[SubjectKey, Found] = {}
    for each in sorted(found, key=lambda each: list(BankAction).index(each.action)):
        gravest.setdefault(each.subject, each)
    rejected = [each for each in gravest.values() if each.action == BankAction.REJECT]
    for rule in sorted({each.hit.rule for each in rejected}):
        _reject([each for each in rejected if each.hit.rule == rule])
    first = {each.subject for each in gravest.values() if each.action == BankAction.FIRST}
    words: dict[SubjectKey, list[str]] = {}
    for each in found:
        words.setdefault(each.subject, []).append(each.hit.words)
    _raise({subject: words[subject] for subject in first})
    _mark({subject: words[subject] for subject in words.keys() - first})


def _reject(found: Sequence[Found]) -> None:
    """One batch for one bank. What cannot be rejected (a lead's, a held one) comes first."""
    batch = uuid7()
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
    """Adds to the causes of open cases; opens none."""
    pairs = [(subject[1], word) for subject, each in words.items() for word in each]
    if pairs:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE moderation_case c SET why = c.why || v.words FROM"
                " (SELECT subject_id, array_agg(word)::varchar[] AS words"
                "  FROM unnest(%s::uuid[], %s::varchar[]) AS u(subject_id, word)"
                "  GROUP BY subject_id) v"
                " WHERE c.subject_id = v.subject_id AND NOT c.why @> v.words",
                [[pair[0] for pair in pairs], [pair[1] for pair in pairs]],
            )


def _note(found: Sequence[Found], scan: BankScan | None) -> None:
    BankMatch.objects.bulk_create(
        [
            BankMatch(
                bank_id=each.hit.bank_id, entry_id=each.hit.entry_id,
                subject_type=each.subject[0], subject_id=each.subject[1], file_id=each.file_id,
                distance=each.hit.distance, action=each.action, batch=each.batch,
                sampled=each.sampled, scan=scan,
            )
            for each in found
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    matched([each.hit.bank_id for each in found])
