"""The queue that holds any type: escalations, for leads."""

from datetime import timedelta
from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from moderation.registry import ReviewQueue

ESCALATIONS = "escalations"


class EscalationQueue(ReviewQueue):
    """Cases of any subject type that wait for a lead; each subject's own queue shows it."""

    slug = ESCALATIONS
    title: ClassVar[str | Promise] = _("Escalations")
    permission = "accounts.lead"
    icon = "priority_high"
    sla = timedelta(hours=2)
