"""How much of what a person had before their eyes; for their own good, not for judging them."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class SightLevel(models.IntegerChoices):
    """As moderation.enums.Seen, in the order of how much is seen."""

    THUMBNAIL = 1, _("As a thumbnail")
    BLURRED = 2, _("Blurred")
    FULL = 3, _("In full")


class Sight(models.Model):
    """The most that one person saw of one picture in one shift."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False
    )
    shift_started_at = models.DateTimeField()
    subject_id = models.UUIDField()
    level = models.SmallIntegerField(choices=SightLevel.choices)
    at = models.DateTimeField(db_default=Now(), db_index=True)

    class Meta:
        constraints: ClassVar = [
            # The same report again changes nothing.
            models.UniqueConstraint(
                fields=["user", "shift_started_at", "subject_id"], name="sight_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.subject_id} {self.level}"
