"""The ways in which what was approved is pending again."""

import uuid

from moderation.actors import Actor
from moderation.enums import Action
from moderation.models import Reviewable
from moderation.services import Request, decide, undo
from tests.factories import make_person, make_source

WAYS = ("reopened", "undone", "followed", "changed")


def approved(subject: Reviewable) -> uuid.UUID:
    """A lead approves what is pending; the batch."""
    lead = Actor.person(make_person(role="lead"))
    done = decide(requests=[Request(Action.APPROVE, subject=subject.subject_key)], actor=lead)
    assert done.results[0].status == "applied"
    return done.batch


def pending_again(way: str, subject: Reviewable, batch: uuid.UUID) -> None:
    """A lead looks at it again or takes the approval back; upstream says so or changed it."""
    lead = Actor.person(make_person(role="lead"))
    sync = Actor.sync(subject.source or make_source())
    key = subject.subject_key
    if way == "undone":
        done = undo(batch=batch, actor=lead)
    elif way == "reopened":
        done = decide(requests=[Request(Action.REOPEN, subject=key, note="why?")], actor=lead)
    elif way == "followed":
        request = Request(Action.FOLLOW, subject=key, follow="pending")
        done = decide(requests=[request], actor=sync)
    else:
        done = decide(requests=[Request(Action.REOPEN, subject=key)], actor=sync)
    assert done.results[0].status == "applied"
    subject.refresh_from_db()
    assert subject.review_status == "pending"
