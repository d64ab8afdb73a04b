"""What a character was when it was approved last: the moment, its texts."""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from characters.models import Character, CharacterText
from moderation.enums import Action, ReviewStatus
from moderation.models import Decision


@dataclass(frozen=True, slots=True)
class Approval:
    """`at` None: it came approved from upstream, and nobody here has approved it since."""

    at: datetime | None

    def covers(self, moment: datetime | None) -> bool:
        """Whether what is here since `moment` was part of it."""
        return self.at is None or (moment is not None and moment <= self.at)


def approvals(ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Approval]:
    """The last approval of each that had one and was not undone; two queries."""
    found = (
        _standing_approvals()
        .filter(subject_id__in=list(ids))
        .order_by("subject_id", "-id")
        .distinct("subject_id")
        .values_list("subject_id", "at")
    )
    approved = {subject_id: Approval(at) for subject_id, at in found}
    rest = [pk for pk in ids if pk not in approved]
    if rest:
        seeds = Character.objects.filter(pk__in=rest, seed=ReviewStatus.APPROVED)
        approved |= {pk: Approval(None) for pk in seeds.values_list("pk", flat=True)}
    return approved


def _standing_approvals() -> QuerySet[Decision]:
    undone = Decision.objects.filter(reverses=OuterRef("pk"))
    return Decision.objects.filter(
        action__in=[Action.APPROVE, Action.FOLLOW], to_status=ReviewStatus.APPROVED
    ).exclude(Exists(undone))


def approved_text() -> Coalesce:
    """In a query of texts: the id of the one of the same character that `approved_texts` gives."""
    character = OuterRef("character")
    texts = CharacterText.objects.filter(character=character).order_by("-id").values("pk")
    then = _standing_approvals().filter(subject_id=OuterRef(character)).order_by("-id")
    of_then = texts.filter(at__lte=Subquery(then.values("at")[:1]))
    return Coalesce(Subquery(of_then[:1]), Subquery(texts.reverse()[:1]))


def approved_texts(approved: Mapping[uuid.UUID, Approval]) -> dict[uuid.UUID, CharacterText]:
    """The texts that each approval was about, without upstream objects; one query."""
    if not approved:
        return {}
    found: dict[uuid.UUID, CharacterText] = {}
    for text in CharacterText.objects.filter(character__in=approved).order_by("id").defer("raw"):
        approval = approved[text.character_id]
        first = text.character_id not in found
        # What came approved is its first version: another one would have reopened it.
        if first or (approval.at is not None and text.at <= approval.at):
            found[text.character_id] = text
    return found
