"""Filters of characters and covers."""

from typing import ClassVar

import django_filters
from django.utils.translation import gettext_lazy as _

from characters.models import Character, Cover
from moderation.filters import SubjectFilterSet


class CharacterFilterSet(SubjectFilterSet):
    """Adds the author and whether the character is public."""

    user = django_filters.CharFilter(field_name="author_id", label=_("Author"))
    public = django_filters.BooleanFilter(field_name="is_public", label=_("Public"))

    class Meta:
        model = Character
        fields: ClassVar[list[str]] = []


class CoverFilterSet(SubjectFilterSet):
    """Adds the end user and whether a character has kept the cover."""

    user = django_filters.CharFilter(field_name="user_id", label=_("User"))
    kept = django_filters.BooleanFilter(
        field_name="character", lookup_expr="isnull", exclude=True, label=_("Kept by a character")
    )

    class Meta:
        model = Cover
        fields: ClassVar[list[str]] = []
