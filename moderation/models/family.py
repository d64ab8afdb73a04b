"""Look-alikes among open cases: one picture stands for each of them."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Representative(models.Model):
    """The picture that a new one is compared with: of a family, or of a case that stands alone.

    Rows are written under the queue's lock only, so ids become visible in their order.
    """

    id = models.BigAutoField(primary_key=True)
    # The id that its cases share from the second one on.
    family = models.UUIDField(_("family"), unique=True)
    queue = models.CharField(_("queue"), max_length=32)
    # Whose picture it is; null once that case has other bytes. The family outlives it.
    case_id = models.UUIDField(_("case"), null=True, db_index=True)
    source_id = models.BigIntegerField(_("source"), null=True)
    # The upstream id of the character; empty where there is none.
    character = models.CharField(_("character"), max_length=255, blank=True)
    pdq = models.BinaryField(max_length=32)

    class Meta:
        verbose_name = _("representative")
        verbose_name_plural = _("representatives")

    def __str__(self) -> str:
        return f"{self.queue} {self.family}"
