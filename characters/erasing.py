"""Erasing what authors deleted: texts and bytes, after the grace. The row stays as a tombstone, so
that a sync that meets it again knows it."""

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from characters.models import Character
from moderation import purging
from moderation.enums import Action, ReviewStatus
from moderation.models import Case, Decision

AT_ONCE = 500


def due(*, at: datetime | None = None) -> QuerySet[Character]:
    """Deleted before the grace and of no use as evidence: no open case, not held, and neither
    rejected nor escalated, unless that was undone."""
    before = (at or timezone.now()) - timedelta(hours=settings.PURGE_GRACE_HOURS)
    own = {"subject_id": OuterRef("pk")}
    undone = Decision.objects.filter(reverses=OuterRef("pk"))
    proof = Decision.objects.filter(
        Q(to_status=ReviewStatus.REJECTED) | Q(action=Action.ESCALATE), ~Exists(undone), **own
    )
    return Character.objects.filter(
        ~Exists(Case.objects.filter(**own)),
        ~Exists(proof),
        deleted_at__lte=before,
        erased_at=None,
        held=False,
        hidden=False,
        review_status__in=[ReviewStatus.APPROVED, ReviewStatus.PENDING],
    )


def erase_due(*, at: datetime | None = None) -> int:
    """Erases up to AT_ONCE, each by itself; how many. Safe to repeat after a crash: the bytes go
    by the tombstone that is written with the texts' end."""
    ids = list(due(at=at).order_by("deleted_at").values_list("pk", flat=True)[:AT_ONCE])
    erased = sum(_erase(pk, at) for pk in ids)
    if erased:
        purging.erase_due(at=at)
    return erased


@transaction.atomic
def _erase(character_id: uuid.UUID, at: datetime | None) -> bool:
    """Under the lock that decisions take: a case or a hold comes first, or not at all."""
    character = Character.objects.select_for_update().filter(pk=character_id).first()
    if character is None or not due(at=at).filter(pk=character_id).exists():
        return False
    character.texts.all().delete()
    character.knowledge_bases.all().delete()
    # Loose again, and past their time: covers go as those that nobody kept.
    character.covers.update(character=None)
    LogEntry.objects.filter(
        content_type__app_label="characters",
        content_type__model="character",
        object_id=str(character.pk),
    ).update(object_repr=str(character.pk))
    character.name, character.erased_at = "", timezone.now()
    character.save(update_fields=["name", "erased_at"])
    purging.bury([_burial(character)])
    return True


def _burial(character: Character) -> dict[str, object]:
    """As a decision row that purges, of which there is none."""
    kind, key = character.subject_key
    who = {"id": None, "actor_id": None, "reason": ""}
    return {"subject_type": kind, "subject_id": key, "at": character.deleted_at, **who}
