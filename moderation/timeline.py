"""A subject's history put together from the log, notes and the open case; and a person's own
day.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from accounts.models import User
from moderation.enums import ActorKind, ReviewStatus, Seen
from moderation.models import Case, Decision, Note, Report, Reviewable, Tombstone
from moderation.registry import queue_for
from upstream.models import Source, SyncRun

# A run's id is made by another clock than the database's.
_SKEW = timedelta(minutes=1)


def of(subject: Reviewable) -> list[dict[str, Any]]:
    """Oldest first: `event` is created, synced, changed, claimed, seen, decision, note, report,
    appeal, erased or case; each with `at` and its own fields.

    Of syncs the one that brought it is known, of claims the present one and those that ended in a
    decision. What was seen is told with the decision, so it stands at that time.
    """
    decisions = list(Decision.objects.filter(subject_id=subject.pk).order_by("id"))
    notes = list(Note.objects.filter(subject_id=subject.pk).select_related("user"))
    case = Case.objects.filter(subject_id=subject.pk).select_related("claimed_by").first()
    people = actor_names(decisions)
    entries = [of_creation(subject), *_of_sync(subject), *_of_versions(subject)]
    entries += [of_report(each) for each in Report.objects.filter(subject_id=subject.pk)]
    entries += _of_erasing(subject)
    entries += _of_claims(decisions, case, people)
    for each in decisions:
        entries += [*_of_sight(each, people), of_decision(each, people)]
    entries += [of_note(each) for each in notes]
    if case is not None:
        entries.append(of_case(case))
    return sorted(entries, key=lambda entry: entry["at"])


def actor_names(decisions: Sequence[Decision]) -> dict[int, str]:
    """User names by id of the people behind decisions, for those that still exist."""
    ids = {each.actor_id for each in decisions if each.actor_id is not None}
    return dict(User.objects.filter(pk__in=ids).values_list("pk", "username")) if ids else {}


def of_creation(subject: Reviewable) -> dict[str, Any]:
    """When it was made, here or upstream; a model that does not say so was made when it came."""
    made_at = getattr(subject, "created_at", subject.first_seen_at)
    return {"at": made_at, "event": "created", "seed": subject.seed}


def _of_sync(subject: Reviewable) -> list[dict[str, Any]]:
    """The sync that brought it; without `run` where none ran then (a replayed record)."""
    if subject.source is None or not subject.upstream_id:
        return []
    run = _run_at(subject.first_seen_at, subject.source)
    return [
        {
            "at": subject.first_seen_at,
            "event": "synced",
            "source": subject.source.name,
            "seed": subject.seed,
            "run": run and run.pk,
        }
    ]


def _run_at(moment: datetime, source: Source) -> SyncRun | None:
    """A source has one run at a time, and their ids follow time: the last one begun by then."""
    begun_by_then = uuid.UUID(int=int((moment + _SKEW).timestamp() * 1000) << 80)
    rows = SyncRun.objects.filter(source=source, pk__lt=begun_by_then, started_at__lte=moment)
    run = rows.order_by("-pk").first()
    return run if run and (run.finished_at is None or run.finished_at >= moment) else None


def _of_versions(subject: Reviewable) -> list[dict[str, Any]]:
    """Contents that came after the first one: by a sync, or by its author."""
    versions = queue_for(subject.subject_type()).versions_at(subject)
    return [{"at": at, "event": "changed"} for at in sorted(versions)[1:]]


def _of_erasing(subject: Reviewable) -> list[dict[str, Any]]:
    """When the bytes of what is purged went."""
    if subject.review_status != ReviewStatus.PURGED:
        return []
    tombstone = Tombstone.objects.filter(subject_id=subject.pk).first()
    if tombstone is None or tombstone.erased_at is None:
        return []
    return [{"at": tombstone.erased_at, "event": "erased", "copies": len(tombstone.hashes)}]


def _of_claims(
    decisions: Sequence[Decision], case: Case | None, people: dict[int, str]
) -> list[dict[str, Any]]:
    """One for each lease: `actor` who holds it, or `decided_by` who ended it by deciding."""
    found: dict[datetime, dict[str, Any]] = {}
    for each in decisions:
        if each.case_claimed_at is not None:
            entry = {"at": each.case_claimed_at, "event": "claimed", "actor": ""}
            found.setdefault(each.case_claimed_at, entry | {"decided_by": _who(each, people)})
    if case is not None and case.claimed_by is not None and case.claimed_at is not None:
        held = {"at": case.claimed_at, "event": "claimed", "actor": case.claimed_by.username}
        found[case.claimed_at] = held | {"decided_by": ""}
    return list(found.values())


def _of_sight(decision: Decision, people: dict[int, str]) -> list[dict[str, Any]]:
    if decision.actor_kind != ActorKind.PERSON or decision.seen == Seen.NONE:
        return []
    who = _who(decision, people)
    return [{"at": decision.at, "event": "seen", "actor": who, "seen": decision.seen}]


def _who(decision: Decision, people: dict[int, str]) -> str:
    return decision.actor_name or people.get(decision.actor_id or 0, "")


def of_report(report: Report) -> dict[str, Any]:
    return {
        "at": report.at,
        "event": report.kind,
        "reporter": report.reporter,
        "category": report.category,
        "text": report.text,
    }


def of_decision(decision: Decision, people: dict[int, str]) -> dict[str, Any]:
    return {
        "at": decision.at,
        "event": "decision",
        "id": decision.pk,
        "batch": decision.batch,
        "action": decision.action,
        "from": decision.from_status,
        "to": decision.to_status,
        "hidden": decision.to_hidden,
        "held": decision.to_held,
        "reason": decision.reason,
        "reason_version": decision.reason_version,
        "note": decision.note,
        "actor_kind": decision.actor_kind,
        "actor_id": decision.actor_id,
        "actor": _who(decision, people),
        "role": decision.actor_role,
        "seen": decision.seen,
        "reverses": decision.reverses,
        "queue": decision.case_queue,
        "claimed_at": decision.case_claimed_at,
    }


def of_note(note: Note) -> dict[str, Any]:
    name = note.user.username if note.user else ""
    return {"at": note.at, "event": "note", "text": note.text, "actor": name}


def of_case(case: Case) -> dict[str, Any]:
    return {
        "at": case.opened_at,
        "event": "case",
        "id": case.pk,
        "queue": case.queue,
        "kind": case.kind,
        "why": case.why,
        "priority": case.priority,
        "due_at": case.due_at,
        "claimed_by": case.claimed_by.username if case.claimed_by else None,
        "claimed_until": case.claimed_until,
    }


def decisions_today(user: User) -> int:
    """The person's decisions since midnight in the active time zone, as they are counted."""
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    rows = Decision.objects.filter(actor_kind="person", actor_id=user.pk, at__gte=midnight)
    return int(rows.counted().count())
