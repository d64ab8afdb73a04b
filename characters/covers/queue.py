"""The queue of covers: the picture, and the options that it was made from."""

import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from characters.enums import Category, Gender
from characters.models import Cover
from moderation.registry import ReviewQueue

_LABELS = {category.field: category.label for category in Category}


class CoverQueue(ReviewQueue):
    """Pictures that were generated for a character that is still to be made."""

    slug = "covers"
    title: ClassVar[str | Promise] = _("Covers")
    model = Cover
    # They live for half an hour unless a character keeps them.
    sla = timedelta(minutes=30)
    card_template = "characters/cover_card.html"
    icon = "portrait"
    user_field = "user_id"
    id_columns = ("user_id",)

    def queryset(self) -> Any:
        return super().queryset().select_related("character")

    def title_of(self, subject: Any) -> str:
        return f"{Gender(subject.options['gender']).label}, {subject.options['age']}"

    def contexts(self, subjects: Sequence[Any], *, user: Any) -> dict[uuid.UUID, dict[str, Any]]:
        return {subject.pk: _context(subject) for subject in subjects}


def _context(cover: Any) -> dict[str, Any]:
    chosen = {str(_LABELS[name]): code for name, code in cover.options.items() if name in _LABELS}
    facts = [
        [_now("Created at"), cover.created_at.isoformat()],
        [_now("Expires at"), cover.expires_at.isoformat()],
    ]
    if cover.character is not None:
        facts.append([_now("Kept by"), cover.character.name])
    if reference := cover.options.get("refImageId"):
        facts.append([_now("Drawn after the picture"), reference])
    return {"parameters": chosen, "facts": facts, "user": {"id": cover.user_id}}
