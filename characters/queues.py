"""The queue of characters: texts and avatar together, with what changed since the last approval."""

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from characters.avatars import REFUSED_ROLE, ROLE, avatars_of, console_picture, keep_approved
from characters.cards import newest_texts
from characters.changes import changed_words
from characters.models import Character, CharacterText
from characters.versions import approvals, approved_texts
from media.models import Attachment
from moderation.arrivals import content_changed
from moderation.enums import ReviewStatus
from moderation.registry import ReviewQueue, newest_raw

Changes = list[dict[str, Any]]

_FIELDS = {"name": _("Name"), "bio": _("Biography"), "origin_prompt": _("Origin prompt")}


class CharacterQueue(ReviewQueue):
    """Characters with their name, biography, origin prompt and avatar."""

    slug = "characters"
    title: ClassVar[str | Promise] = _("Characters")
    model = Character
    sla = timedelta(hours=8)
    card_template = "characters/card.html"
    picture_role = ROLE
    refused_role = REFUSED_ROLE
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

    def due_for_review(self, pending: QuerySet[Any]) -> QuerySet[Any]:
        """Private ones wait until they are for others' eyes."""
        return pending.filter(is_public=True, deleted_at=None)

    def picture_changes(self, subject_ids: Collection[uuid.UUID]) -> None:
        """Clients may still be shown the approved avatar; and an avatar that comes after somebody
        here approved the character without one was seen by nobody."""
        keep_approved(subject_ids)
        unseen = Character.objects.filter(
            pk__in=list(subject_ids),
            review_status=ReviewStatus.APPROVED,
            reviewed_at__isnull=False,
        )
        content_changed([row.subject_key for row in unseen.only("pk")])

    def versions_at(self, subject: Any) -> list[datetime]:
        rows = CharacterText.objects.filter(character=subject).order_by()
        return list(rows.values_list("at", flat=True))

    def raw_of(self, subject: Any) -> Any:
        return newest_raw(CharacterText.objects.filter(character=subject))

    def contexts(self, subjects: Sequence[Any], *, user: Any) -> dict[uuid.UUID, dict[str, Any]]:
        changes = _changes(subjects, user)
        return {
            subject.pk: {
                "name": subject.name,
                "bio": subject.text.bio if subject.text else "",
                "prompt": subject.text.origin_prompt if subject.text else "",
                "changes": changes.get(subject.pk, []),
                "user": {"id": subject.author_id},
                "facts": [
                    [_now("Created at"), subject.created_at.isoformat()],
                    [_now("Updated at"), subject.updated_at.isoformat()],
                    [_now("Public"), _now("yes") if subject.is_public else _now("no")],
                    *(
                        [[_now("Deleted by its author"), subject.deleted_at.isoformat()]]
                        if subject.deleted_at
                        else []
                    ),
                ],
            }
            for subject in subjects
        }


def _changes(subjects: Sequence[Any], user: Any) -> dict[uuid.UUID, Changes]:
    """What differs from what was approved last, by subject; at most four queries."""
    ids = [subject.pk for subject in subjects]
    approved, avatars = approvals(ids), avatars_of(ids)
    before = approved_texts(approved)
    return {
        subject.pk: _changed_texts(before.get(subject.pk), subject.text)
        + _changed_avatar(
            subject,
            avatars.approved(subject.pk, approved[subject.pk]),
            avatars.newest(subject.pk),
            user,
        )
        for subject in subjects
        if subject.pk in approved
    }


def _changed_texts(before: CharacterText | None, after: CharacterText | None) -> Changes:
    if before is None or after is None or before.pk == after.pk:
        return []
    return [
        _change(name, label, getattr(before, name), getattr(after, name))
        for name, label in _FIELDS.items()
        if getattr(before, name) != getattr(after, name)
    ]


def _changed_avatar(
    character: Character, before: Attachment | None, after: Attachment | None, user: Any
) -> Changes:
    """Both in words, and both pictures."""
    if (before and before.file_id) == (after and after.file_id):
        return []
    change = _change(ROLE, _("Avatar"), _in_words(before), _in_words(after))
    change["pictures"] = {
        "before": console_picture(before, character=character, user=user),
        "after": console_picture(after, character=character, user=user),
    }
    return [change]


def _in_words(attachment: Attachment | None) -> str:
    file = attachment.file if attachment else None
    return f"{file.width} × {file.height}, {file}" if file else _now("none")


def _change(field: str, label: str | Promise, before: str, after: str) -> dict[str, Any]:
    return {
        "field": field,
        "label": str(label),
        "before": before,
        "after": after,
        "words": changed_words(before, after),
    }
