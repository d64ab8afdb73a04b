"""The list of image logs; a row opens the picture's own page."""

from typing import ClassVar

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from gallery.filters import ImageFilterSet
from gallery.models import ImageLog
from moderation.admin_base import SubjectAdmin
from moderation.filters import SubjectFilterSet


@admin.register(ImageLog)
class ImageLogAdmin(SubjectAdmin):
    filterset_class: ClassVar[type[SubjectFilterSet]] = ImageFilterSet
    list_display = (
        "thumbnail", "message", "badges", "user_id", "character_id", "source", "created_at",
    )  # fmt: skip
    list_display_links = ("message",)

    @admin.display(description=_("Message"))
    def message(self, image: ImageLog) -> str:
        return image.message_id or image.upstream_id or str(image.pk)
