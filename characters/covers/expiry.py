"""Deleting covers that nobody kept, with their bytes."""

import uuid

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from characters.models import Cover
from media import services as media
from media.models import Attachment
from moderation.enums import CaseKind, ReviewStatus, Why
from moderation.models import Case, KeptBack

AT_ONCE = 500


def expired() -> QuerySet[Cover]:
    """Loose covers past their time that prove nothing: neither held nor escalated nor rejected,
    near no known picture, and no open case but a first look that nobody is at or asked for."""
    now = timezone.now()
    kept = Case.objects.filter(subject_type=Cover.subject_type()).filter(
        ~Q(kind=CaseKind.FIRST_LOOK)
        # A report joins the case of a first look: what it is about stays until somebody judged it.
        | Q(why__overlap=[Why.KNOWN_PICTURE, Why.REPORTED, Why.APPEALED])
        | Q(claimed_by__isnull=False, claimed_until__gt=now)
    )
    return (
        Cover.objects.filter(
            character=None,
            expires_at__lte=now,
            held=False,
            hidden=False,
            review_status__in=[ReviewStatus.PENDING, ReviewStatus.APPROVED],
        )
        .exclude(pk__in=kept.values("subject_id"))
        .order_by("expires_at")
    )


def delete_expired() -> int:
    """Deletes what is expired, each by itself; how many. Safe to repeat after a crash."""
    ids = list(expired().values_list("pk", flat=True)[:AT_ONCE])
    return sum(_delete(cover_id) for cover_id in ids)


@transaction.atomic
def _delete(cover_id: uuid.UUID) -> bool:
    """Under the subject's lock, as every decision is: a hold or a character comes first or not at
    all. The bytes go before the rows; after a crash in between they are found gone."""
    cover = Cover.objects.select_for_update(of=("self",)).filter(pk=cover_id).first()
    if cover is None or not expired().filter(pk=cover_id).exists():
        return False
    ids = list(Attachment.objects.filter(subject_id=cover_id).values_list("pk", flat=True))
    media.erase(attachment_ids=ids)
    Attachment.objects.filter(pk__in=ids).delete()
    Case.objects.filter(subject_id=cover_id).delete()
    KeptBack.objects.filter(pk=cover_id).delete()
    cover.delete()
    return True
