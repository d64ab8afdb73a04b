"""Undo: which decisions of a batch can still be reversed, and the exact state they go back to."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from core.keys import uuid7
from moderation import cases, flagging, purging, search, store
from moderation.actors import Actor
from moderation.enums import Action, ActorKind, Outcome, ReviewStatus, Why
from moderation.errors import UnknownBatch
from moderation.models import Case, Decision
from moderation.recording import BatchResult, Result, Step, log_row, save
from moderation.store import Locked, OpenCase, SubjectKey
from moderation.transitions import CaseEffect, State, Verdict


@dataclass(slots=True)
class Since:
    """What happened to a subject after a decision, as far as it still stands."""

    undone: bool = False
    acted_on: bool = False


@dataclass(frozen=True, slots=True)
class Portion:
    """A part of a large batch: `size` decisions behind the number `after`, undone as part of the
    batch `into` that somebody asked for at `asked_at`.
    """

    after: int
    size: int
    into: uuid.UUID
    asked_at: datetime


def reverse_batch(batch: uuid.UUID, actor: Actor, *, portion: Portion | None = None) -> BatchResult:
    """One result per decision of the batch, in its order; the undo rows form a batch of their
    own.
    """
    rows = Decision.objects.filter(batch=batch).order_by("id")
    if portion:
        rows = rows.filter(pk__gt=portion.after)[: portion.size]
    originals = list(rows)
    if not originals:
        raise UnknownBatch(_("There is no such batch."))
    present, locked = store.lock({(row.subject_type, row.subject_id) for row in originals})
    since = _since(originals)
    erased = purging.erased_among([row.subject_id for row in originals])
    new_batch = portion.into if portion else uuid7()
    asked_at = portion.asked_at if portion else timezone.now()
    results: list[Result] = []
    steps: list[tuple[Step, Decision]] = []
    for original in originals:
        key: SubjectKey = (original.subject_type, original.subject_id)
        subject = locked[key]
        refusal = _refusal(
            original, actor, since[original.pk], asked_at, gone=original.subject_id in erased
        )
        if refusal is not None:
            outcome, error = refusal
            results.append(Result(key, outcome, subject.state.status, error=error))
            continue
        step = _reversal(original, subject, actor, new_batch, present)
        steps.append((step, original))
        results.append(Result(key, Outcome.APPLIED, original.from_status, decision=subject.next_id))
    save([step for step, _ in steps])
    _restore_cases([(step.locked, original) for step, original in steps])
    unpurged = [o for _, o in steps if o.to_status == ReviewStatus.PURGED]
    purging.unbury([original.subject_id for original in unpurged])
    search.mark_due([(original.subject_type, original.subject_id) for original in unpurged])
    return BatchResult(new_batch, results)


def _since(originals: Sequence[Decision]) -> dict[int, Since]:
    """Later rows of the same subjects: an undo and what it reversed cancel each other out."""
    first = min(row.pk for row in originals)
    later = Decision.objects.filter(
        subject_id__in={row.subject_id for row in originals}, pk__gte=first
    ).values_list("pk", "subject_id", "action", "reverses")
    reversed_ids = {row[3] for row in later if row[3] is not None}
    standing: dict[uuid.UUID, int] = {}
    for pk, subject_id, action, _reverses in later:
        if action != Action.UNDO and pk not in reversed_ids:
            standing[subject_id] = max(standing.get(subject_id, 0), pk)
    return {
        row.pk: Since(
            undone=row.pk in reversed_ids, acted_on=standing.get(row.subject_id, 0) > row.pk
        )
        for row in originals
    }


def _refusal(
    original: Decision, actor: Actor, since: Since, asked_at: datetime, *, gone: bool
) -> tuple[Outcome, str] | None:
    if original.action == Action.UNDO:
        return Outcome.INVALID, _("An undo is not undone; decide again.")
    own = original.actor_kind == ActorKind.PERSON and original.actor_id == actor.id
    if not actor.is_lead:
        if not (own and actor.can_moderate):
            return Outcome.FORBIDDEN, _("Only a lead undoes what somebody else decided.")
        if asked_at - original.at > timedelta(minutes=settings.UNDO_MINUTES):
            minutes = {"minutes": settings.UNDO_MINUTES}
            return Outcome.FORBIDDEN, _("Older than %(minutes)s minutes; ask a lead.") % minutes
        if original.to_guarded or original.to_held:
            return Outcome.FORBIDDEN, _("Only a lead may reverse this rejection.")
    if since.undone:
        return Outcome.CONFLICT, _("It is undone already.")
    if since.acted_on:
        return Outcome.CONFLICT, _("Somebody acted on it since.")
    if gone:
        return Outcome.CONFLICT, _("The bytes are erased; a purge cannot be undone any more.")
    return None


def _reversal(
    original: Decision, subject: Locked, actor: Actor, batch: uuid.UUID, present: Any
) -> Step:
    before = State(
        original.from_status, original.from_hidden, original.from_held, original.from_guarded
    )
    verdict = Verdict(Outcome.APPLIED, before, CaseEffect.KEEP)
    row = log_row(subject, verdict, actor, batch=batch, present=present, action=Action.UNDO)
    row |= {
        "reverses": original.pk,
        "reviewed_at": original.from_reviewed_at,
        "reviewed_by": original.from_reviewed_by,
    }
    return Step(subject, verdict, row)


def _restore_cases(undone: Sequence[tuple[Locked, Decision]]) -> None:
    """The case comes back as it was; one that the decision itself opened goes."""
    gone: list[uuid.UUID] = []
    back: list[cases.NewCase] = []
    for subject, original in undone:
        present = subject.case
        if present is not None and _goes(present, original):
            gone.append(present.id)
        if original.case_id is not None:
            back.append(_case_before(original))
    if gone:
        store.delete_cases(gone)
    if back:
        cases.open_cases(back)
        _restore_due(back, undone)
        # The word list may have changed while they were closed.
        for subject_type in sorted({case.subject_type for case in back}):
            ids = [case.subject_id for case in back if case.subject_type == subject_type]
            flagging.read_soon(subject_type=subject_type, subject_ids=ids)


def _goes(present: OpenCase, original: Decision) -> bool:
    """What people asked for since stays, also when the decision that opened the case goes."""
    opened_by_it = present.opened_at == original.at and not Why.asked_for(present.why)
    return opened_by_it or present.id == original.case_id


def _case_before(original: Decision) -> cases.NewCase:
    assert original.case_priority is not None
    return cases.NewCase(
        id=original.case_id, subject_type=original.subject_type, subject_id=original.subject_id,
        source_id=original.source_id, queue=original.case_queue, kind=original.case_kind,
        why=original.case_why, priority=original.case_priority, opened_at=original.case_opened_at,
        not_for=original.case_not_for, family=original.case_family,
    )  # fmt: skip


def _restore_due(back: Sequence[cases.NewCase], undone: Sequence[tuple[Locked, Decision]]) -> None:
    """open_cases() derives the due time from the queue; the case's own may have been another."""
    due = {original.case_id: original.case_due_at for _, original in undone}
    rows = list(Case.objects.filter(pk__in=[case.id for case in back]))
    for row in rows:
        row.due_at = due[row.pk] or row.due_at
    Case.objects.bulk_update(rows, ["due_at"])
