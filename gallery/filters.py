"""Filters of image logs."""

from typing import ClassVar

import django_filters
from django.utils.translation import gettext_lazy as _

from gallery.models import ImageLog
from moderation.filters import SubjectFilterSet


class ImageFilterSet(SubjectFilterSet):
    """Adds the upstream user, character and conversation."""

    user = django_filters.CharFilter(field_name="user_id", label=_("User"))
    character = django_filters.CharFilter(field_name="character_id", label=_("Character"))
    archive = django_filters.CharFilter(field_name="archive_id", label=_("Conversation"))

    class Meta:
        model = ImageLog
        fields: ClassVar[list[str]] = []
