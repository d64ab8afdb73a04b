"""The queue of image logs: what a moderator is shown about a generated picture."""

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from characters.cards import character_cards
from gallery.models import ImageDetail, ImageLog
from gallery.neighbours import neighbours
from moderation.enums import ReviewStatus
from moderation.registry import ReviewQueue, newest_raw

# Generation parameters that stand by themselves on the card, in the words vendors use.
_NEGATIVE = ("negativePrompt", "negative_prompt")


class ImageQueue(ReviewQueue):
    """Pictures drawn in conversations."""

    slug = "images"
    title: ClassVar[str | Promise] = _("Images")
    model = ImageLog
    sla = timedelta(hours=4)
    card_template = "gallery/card.html"
    character_field = "character_id"
    user_field = "user_id"
    id_columns = ("user_id", "archive_id", "message_id", "character_id")

    def load(self, ids: Any) -> list[Any]:
        images: list[Any] = list(super().load(ids))
        attach_details(images)
        return images

    def title_of(self, subject: Any) -> str:
        return subject.message_id or str(subject.pk)

    def text_of(self, subject: Any) -> str:
        detail = subject.detail
        return detail.prompt if detail else ""

    def search_texts(self, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Sequence[str]]:
        """The newest prompt and negative prompt."""
        negatives = [f"params__{key}" for key in _NEGATIVE]
        rows = (
            ImageDetail.objects.filter(image__in=ids)
            .exclude(image__review_status=ReviewStatus.PURGED)
            .order_by("image_id", "-id")
            .distinct("image_id")
            .values_list("image_id", "prompt", *negatives)
        )
        return {row[0]: [str(text) for text in row[1:] if text] for row in rows}

    def versions_at(self, subject: Any) -> list[datetime]:
        rows = ImageDetail.objects.filter(image=subject).order_by()
        return list(rows.values_list("at", flat=True))

    def raw_of(self, subject: Any) -> Any:
        return newest_raw(ImageDetail.objects.filter(image=subject))

    def contexts(self, subjects: Sequence[Any], *, user: Any) -> dict[uuid.UUID, dict[str, Any]]:
        cards = character_cards([(s.source_id, s.character_id) for s in subjects], user=user)
        beside = neighbours(subjects, user=user)
        return {
            subject.pk: _context(subject)
            | beside[subject.pk]
            | {
                "character": cards.get((subject.source_id, subject.character_id)),
                "user": {"id": subject.user_id},
            }
            for subject in subjects
        }

    def user_records(self, user_ids: Collection[str]) -> dict[str, dict[str, int]]:
        recent = timezone.now() - timedelta(days=30)
        rejected = Q(review_status__in=[ReviewStatus.REJECTED, ReviewStatus.PURGED])
        counts = {
            "pictures": Count("pk"),
            "rejected": Count("pk", filter=rejected),
            "rejected_30d": Count("pk", filter=rejected & Q(created_at__gte=recent)),
        }
        rows = ImageLog.objects.filter(user_id__in=user_ids).order_by()
        found = rows.values("user_id").annotate(**counts).values_list("user_id", *counts)
        return {row[0]: dict(zip(counts, row[1:], strict=True)) for row in found}


def _context(subject: Any) -> dict[str, Any]:
    params = dict(subject.detail.params) if subject.detail else {}
    negative = next((params.pop(key) for key in _NEGATIVE if key in params), "")
    return {
        "prompt": subject.detail.prompt if subject.detail else "",
        "negative_prompt": str(negative),
        "parameters": params,
        "facts": [
            [_now("Created at"), subject.created_at.isoformat()],
            [_now("Conversation"), subject.archive_id],
            [_now("Message"), subject.message_id],
        ],
    }


def newest_details(ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, ImageDetail]:
    """The newest version of prompt and parameters, without the raw object; one query, or none."""
    if not ids:
        return {}
    newest = (
        ImageDetail.objects.filter(image__in=ids)
        .order_by("image_id", "-id")
        .distinct("image_id")
        .defer("raw")
    )
    return {detail.image_id: detail for detail in newest}


def attach_details(images: Sequence[ImageLog]) -> None:
    """Sets `detail` (see newest_details(), or None)."""
    found = newest_details([image.pk for image in images])
    for image in images:
        image.detail = found.get(image.pk)  # type: ignore[attr-defined]
