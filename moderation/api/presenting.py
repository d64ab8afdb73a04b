"""The JSON of cases, subjects and decisions; a fixed number of queries for any number of them."""

import uuid
from collections.abc import Sequence
from typing import Any

from accounts.models import User
from media import services as media
from moderation import families
from moderation.context import contexts_of
from moderation.enums import ReviewStatus
from moderation.models import Case, Decision, Reviewable
from moderation.registry import ReviewQueue, queue_for

# Pictures of a claim live a little longer than the lease, so that a slow renewal shows no holes.
PICTURE_SECONDS = 1_200


def present_cases(cases: Sequence[Case], *, user: User, purpose: str) -> list[dict[str, Any]]:
    """In the order given; a case whose subject is gone is left out."""
    by_type: dict[str, list[uuid.UUID]] = {}
    for case in cases:
        by_type.setdefault(case.subject_type, []).append(case.subject_id)
    subjects: dict[uuid.UUID, dict[str, Any]] = {}
    for subject_type, ids in by_type.items():
        queue = queue_for(subject_type)
        subjects |= present_subjects(queue, queue.load(ids), user=user, purpose=purpose)
    return [
        _case(case, family, subjects[case.subject_id])
        for case, family in families.sharing(cases)
        if case.subject_id in subjects
    ]


def _case(case: Case, family: uuid.UUID | None, subject: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": case.pk,
        "queue": case.queue,
        "kind": case.kind,
        "priority": case.priority,
        "opened_at": case.opened_at,
        "due_at": case.due_at,
        "why": case.why,
        "family": family,
        "claim": {"token": case.claim_token, "expires_at": case.claimed_until},
        "subject": subject,
    }


def present_subjects(
    queue: ReviewQueue, subjects: Sequence[Reviewable], *, user: User, purpose: str
) -> dict[uuid.UUID, dict[str, Any]]:
    """By id. Held ones have their picture only for leads, by links that are bound and logged."""
    pictures = pictures_of(queue, subjects, user=user, purpose=purpose)
    contexts = contexts_of(queue, subjects, user=user)
    return {
        subject.pk: {
            "type": subject.subject_type(),
            "id": subject.pk,
            "review_status": subject.review_status,
            "hidden": subject.hidden,
            "held": subject.held,
            "title": queue.title_of(subject),
            "text": queue.text_of(subject),
            "source": subject.source.name if subject.source else None,
            "upstream_id": subject.upstream_id,
            "image": pictures.get(subject.pk),
            "context": contexts[subject.pk],
        }
        for subject in subjects
    }


def pictures_of(
    queue: ReviewQueue, subjects: Sequence[Reviewable], *, user: User, purpose: str
) -> dict[uuid.UUID, dict[str, Any]]:
    """Links by subject id: one query for ordinary subjects, one more when some are held."""
    shown = [each for each in subjects if each.review_status != ReviewStatus.PURGED]
    found: dict[uuid.UUID, dict[str, Any]] = {}
    for restricted in (False, True):
        ids = [each.pk for each in shown if each.held == restricted]
        if not ids or (restricted and not user.has_perm("accounts.lead")):
            continue
        pictures = media.pictures(
            subject_ids=ids,
            role=queue.picture_role,
            purpose="lead" if restricted else purpose,
            user_id=user.pk,
            ttl=PICTURE_SECONDS,
        )
        for subject_id, picture in pictures.items():
            found[subject_id] = {
                "url": picture.url,
                "thumb_url": picture.thumb_url,
                "poster_url": picture.poster_url,
                "seconds": picture.seconds,
                "width": picture.width,
                "height": picture.height,
                "mime": picture.mime,
                "state": picture.state,
            }
    return found


def present_decision(decision: Decision, names: dict[int, str]) -> dict[str, Any]:
    """A log row; `names` gives user names by id for those that still exist."""
    return {
        "id": decision.pk,
        "at": decision.at,
        "batch": decision.batch,
        "subject": {"type": decision.subject_type, "id": decision.subject_id},
        "action": decision.action,
        "from": decision.from_status,
        "to": decision.to_status,
        "hidden": decision.to_hidden,
        "held": decision.to_held,
        "reason": decision.reason or None,
        "reason_version": decision.reason_version,
        "note": decision.note,
        "actor": {
            "kind": decision.actor_kind,
            "id": decision.actor_id,
            "name": decision.actor_name or names.get(decision.actor_id or 0, ""),
            "role": decision.actor_role or None,
        },
        "queue": decision.case_queue or None,
        "case_kind": decision.case_kind or None,
        "why": decision.case_why,
        "family": decision.case_family,
        "opened_at": decision.case_opened_at,
        "claimed_at": decision.case_claimed_at,
        "due_at": decision.case_due_at,
        "seen": decision.seen,
        "reverses": decision.reverses,
    }
