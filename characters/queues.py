"""The queue of characters: texts and avatar together, with what changed since the last approval."""

import uuid
from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from characters.cards import newest_texts
from characters.models import Character, CharacterText
from moderation.enums import ReviewStatus
from moderation.models import Decision
from moderation.registry import ReviewQueue, newest_raw

_FIELDS = ("name", "bio", "origin_prompt")


class CharacterQueue(ReviewQueue):
    """Characters with their name, biography, origin prompt and avatar."""

    slug = "characters"
    title: ClassVar[str | Promise] = _("Characters")
    model = Character
    sla = timedelta(hours=8)
    card_template = "characters/card.html"
    picture_role = "avatar"
    icon = "face"
    character_field = "upstream_id"
    user_field = "author_id"
    id_columns = ("author_id",)

    def load(self, ids: Any) -> list[Any]:
        characters: list[Any] = list(super().load(ids))
        texts = newest_texts([character.pk for character in characters])
        for character in characters:
            character.text = texts.get(character.pk)
        return characters

    def title_of(self, subject: Any) -> str:
        return str(subject.name)

    def text_of(self, subject: Any) -> str:
        if subject.text is None:
            return str(subject.name)
        parts = (subject.text.name, subject.text.bio, subject.text.origin_prompt)
        return "\n\n".join(part for part in parts if part)

    def search_texts(self, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Sequence[str]]:
        return {
            character.pk: (self.text_of(character),)
            for character in self.load(ids)
            if character.review_status != ReviewStatus.PURGED and character.deleted_at is None
        }

    def raw_of(self, subject: Any) -> Any:
        return newest_raw(CharacterText.objects.filter(character=subject))

    def contexts(self, subjects: Sequence[Any], *, user: Any) -> dict[uuid.UUID, dict[str, Any]]:
        approved = _texts_at_approval([subject.pk for subject in subjects])
        return {
            subject.pk: {
                "name": subject.name,
                "bio": subject.text.bio if subject.text else "",
                "prompt": subject.text.origin_prompt if subject.text else "",
                "changes": _changes(approved.get(subject.pk), subject.text),
                "user": {"id": subject.author_id},
                "facts": [
                    [_now("Created at"), subject.created_at.isoformat()],
                    [_now("Updated at"), subject.updated_at.isoformat()],
                    [_now("Public"), _now("yes") if subject.is_public else _now("no")],
                ],
            }
            for subject in subjects
        }


def _changes(before: CharacterText | None, after: CharacterText | None) -> list[dict[str, str]]:
    if before is None or after is None or before.pk == after.pk:
        return []
    return [
        {"field": name, "before": getattr(before, name), "after": getattr(after, name)}
        for name in _FIELDS
        if getattr(before, name) != getattr(after, name)
    ]


def _texts_at_approval(ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, CharacterText]:
    """The texts that stood when each character was last approved here; two queries."""
    approvals = (
        Decision.objects.filter(subject_id__in=ids, to_status=ReviewStatus.APPROVED)
        .order_by("subject_id", "-id")
        .distinct("subject_id")
        .values_list("subject_id", "at")
    )
    times = dict(approvals)
    found: dict[uuid.UUID, CharacterText] = {}
    for text in CharacterText.objects.filter(character__in=times).order_by("id").defer("raw"):
        if text.at <= times[text.character_id]:
            found[text.character_id] = text
    return found
