"""Filters of characters."""

from typing import ClassVar

import django_filters
from django.utils.translation import gettext_lazy as _

from characters.models import Character
from moderation.filters import SubjectFilterSet


class CharacterFilterSet(SubjectFilterSet):
    """Adds the author and whether the character is public."""

    user = django_filters.CharFilter(field_name="author_id", label=_("Author"))
    public = django_filters.BooleanFilter(field_name="is_public", label=_("Public"))

    class Meta:
        model = Character
        fields: ClassVar[list[str]] = []
