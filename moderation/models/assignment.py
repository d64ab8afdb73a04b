"""Who works which queue, as the leads say."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Assignment(models.Model):
    """A person who works a queue. A queue without any is worked by everybody with its role."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="+",
        db_index=False,
        verbose_name=_("user"),
    )
    queue = models.CharField(_("queue"), max_length=32)

    class Meta:
        verbose_name = _("assignment")
        verbose_name_plural = _("assignments")
        constraints: ClassVar = [
            # A claim asks who works a queue; the same person twice says nothing.
            models.UniqueConstraint(fields=["queue", "user"], name="assignment_once")
        ]

    def __str__(self) -> str:
        return f"{self.queue} {self.user_id}"
