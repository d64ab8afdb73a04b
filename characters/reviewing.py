"""What an author's change means for the review: cases, second looks, approvals that end."""

from accounts.models import User
from characters.models import Character
from moderation import cases
from moderation.actors import Actor
from moderation.arrivals import content_changed
from moderation.enums import CaseKind, ReviewStatus, Why
from moderation.flagging import read_soon
from moderation.models import Case, Decision
from moderation.queues import ESCALATIONS


def author_changed(character: Character, *, by: User, content: bool, published: bool) -> None:
    """To be called with the character locked and the change written.

    `content`: texts or avatar differ; `published`: it became public. An approved one whose content
    differs is pending again. What is public gets a case; private ones wait until they are.
    """
    if content:
        content_changed([character.subject_key], by=Actor.author(by))
        character.refresh_from_db(fields=["review_status", "hidden"])
    if character.is_public and (content or published):
        _open_missing_case(character)
    if content:
        kind, key = character.subject_key
        read_soon(subject_type=kind, subject_ids=[key])


def open_first_look(character: Character, *, waits: bool = False) -> None:
    """`waits`: its avatar is on its way, and the case is offered with it."""
    kind, key = character.subject_key
    cases.open_cases([cases.NewCase(kind, key, character.source_id, ready=not waits)])
    read_soon(subject_type=kind, subject_ids=[key])


def _open_missing_case(character: Character) -> None:
    if Case.objects.filter(subject_id=character.pk).exists():
        return
    if character.review_status == ReviewStatus.PENDING:
        open_first_look(character)
    elif character.review_status == ReviewStatus.REJECTED:
        _open_second_look(character)


def _open_second_look(character: Character) -> None:
    """A rejected one stays so until somebody looks at it anew: a lead, where only a lead may."""
    last = Decision.objects.filter(subject_id=character.pk).order_by("-pk").first()
    guarded = last is not None and last.to_guarded
    kind, key = character.subject_key
    row = cases.NewCase(
        kind, key, character.source_id, queue=ESCALATIONS if guarded else None,
        kind=CaseKind.ESCALATION if guarded else CaseKind.SECOND_LOOK, why=[str(Why.CHANGED)],
    )  # fmt: skip
    cases.open_cases([row])
