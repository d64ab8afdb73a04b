"""Reasons: looking them up for a decision, and saving an edit as a new version."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.forms.models import model_to_dict

from accounts.models import User
from moderation.models import Reason, ReasonVersion


@dataclass(frozen=True, slots=True)
class ReasonInForce:
    slug: str
    version: int
    severity: str


def active_reasons(slugs: Collection[str]) -> dict[str, ReasonInForce]:
    """Those of `slugs` that exist and are active; no query for none."""
    if not slugs:
        return {}
    rows = Reason.objects.filter(slug__in=list(slugs), active=True)
    return {
        slug: ReasonInForce(slug, version, severity)
        for slug, version, severity in rows.values_list("slug", "version", "severity")
    }


def content_of(reason: Reason) -> dict[str, Any]:
    """What a version keeps: every field but the key and the version itself."""
    return model_to_dict(reason, exclude=["id", "version"])


@transaction.atomic
def save_reason(*, reason: Reason, by: User | None) -> Reason:
    """Stores a new reason as version 1, a changed one as the next version; an unchanged one as it
    is.
    """
    if reason.pk:
        stored = Reason.objects.select_for_update().get(pk=reason.pk)
        if content_of(stored) == content_of(reason):
            return stored
        reason.version = stored.version + 1
    reason.save()
    ReasonVersion.objects.create(
        slug=reason.slug,
        version=reason.version,
        content=content_of(reason),
        created_by=by.pk if by else None,
    )
    return reason
