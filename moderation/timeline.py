"""A subject's history put together from the log, notes and the open case; and a person's own
day.
"""

from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from accounts.models import User
from moderation.enums import ReviewStatus
from moderation.models import Case, Decision, Note, Report, Reviewable, Tombstone
from moderation.registry import queue_for


def of(subject: Reviewable) -> list[dict[str, Any]]:
    """Oldest first: `event` is created, changed, decision, note, report, appeal, erased, case or
    claimed; each with `at` and its own fields.
    """
    decisions = list(Decision.objects.filter(subject_id=subject.pk).order_by("id"))
    notes = list(Note.objects.filter(subject_id=subject.pk).select_related("user"))
    case = Case.objects.filter(subject_id=subject.pk).select_related("claimed_by").first()
    people = actor_names(decisions)
    entries = [of_creation(subject), *_of_versions(subject)]
    entries += [of_report(each) for each in Report.objects.filter(subject_id=subject.pk)]
    entries += _of_erasing(subject)
    entries += [of_decision(each, people) for each in decisions]
    entries += [of_note(each) for each in notes]
    if case is not None:
        entries.append(of_case(case))
        entries += _of_claim(case)
    return sorted(entries, key=lambda entry: entry["at"])


def actor_names(decisions: Sequence[Decision]) -> dict[int, str]:
    """User names by id of the people behind decisions, for those that still exist."""
    ids = {each.actor_id for each in decisions if each.actor_id is not None}
    return dict(User.objects.filter(pk__in=ids).values_list("pk", "username")) if ids else {}


def of_creation(subject: Reviewable) -> dict[str, Any]:
    return {"at": subject.first_seen_at, "event": "created", "seed": subject.seed}


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


def _of_claim(case: Case) -> list[dict[str, Any]]:
    if case.claimed_by is None or case.claimed_at is None:
        return []
    return [{"at": case.claimed_at, "event": "claimed", "actor": case.claimed_by.username}]


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
        "actor": decision.actor_name or people.get(decision.actor_id or 0, ""),
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
