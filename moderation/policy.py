"""Reasons: looking them up; and saving an edit of the policy as a new version."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.forms.models import model_to_dict

from accounts.models import User
from moderation.models import Reason, ReasonVersion, Term


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


def reason_labels(slugs: Collection[str]) -> dict[str, str]:
    """What those that exist are called in the active language; no query for none."""
    rows = Reason.objects.filter(slug__in=list(slugs)) if slugs else []
    return {reason.slug: reason.label for reason in rows}


def content_of(row: Reason | Term) -> dict[str, Any]:
    """What a version keeps: every field but the key and the version itself."""
    return model_to_dict(row, exclude=["id", "version"])


@transaction.atomic
def save_reason(*, reason: Reason, by: User | None) -> Reason:
    """Stores a new reason as version 1, a changed one as the next version; an unchanged one as it
    is.
    """
    if save_changed(reason):
        ReasonVersion.objects.create(slug=reason.slug, **version_of(reason, by))
    return reason


def save_changed(row: Reason | Term) -> bool:
    """Saves a new row, or a changed one with the next version; False: nothing differs."""
    if row.pk:
        stored = type(row)._default_manager.select_for_update().get(pk=row.pk)
        if content_of(stored) == content_of(row):
            return False
        row.version = stored.version + 1
    row.save()
    return True


def version_of(row: Reason | Term, by: User | None) -> dict[str, Any]:
    return {
        "version": row.version,
        "content": content_of(row),
        "created_by": by.pk if by else None,
    }
