"""Reasons and the word list: looking them up, and saving an edit as a new version."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.forms.models import model_to_dict
from django.utils.translation import gettext as _

from accounts.models import User
from moderation.enums import TermKind
from moderation.errors import BadTerm
from moderation.locks import Lock
from moderation.models import Reason, ReasonVersion, Term, TermVersion
from moderation.words.folding import folded, squeezed
from moderation.words.patterns import check_pattern


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


def content_of(row: Reason | Term) -> dict[str, Any]:
    """What a version keeps: every field but the key and the version itself."""
    return model_to_dict(row, exclude=["id", "version"])


@transaction.atomic
def save_reason(*, reason: Reason, by: User | None) -> Reason:
    """Stores a new reason as version 1, a changed one as the next version; an unchanged one as it
    is.
    """
    if _save_changed(reason):
        ReasonVersion.objects.create(slug=reason.slug, **_version_of(reason, by))
    return reason


@transaction.atomic
def save_term(*, term: Term, by: User | None) -> Term:
    """Stores a term as save_reason() does a reason. Raises BadTerm for one that cannot be matched.

    The list is in force, everywhere, with the commit.
    """
    check_term(term)
    with connection.cursor() as cursor:
        # One edit after the other: the newest version's number is the version of the whole list.
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [Lock.WORD_LIST])
    if _save_changed(term):
        TermVersion.objects.create(term=term, **_version_of(term, by))
    return term


def check_term(term: Term) -> None:
    """Raises BadTerm with a sentence for the lead who wrote it."""
    if term.kind == TermKind.PATTERN:
        check_pattern(term.text)
    elif not squeezed(folded(term.text).text)[0]:
        raise BadTerm(_("A word needs at least one letter or digit."))


def _save_changed(row: Reason | Term) -> bool:
    """Saves a new row, or a changed one with the next version; False: nothing differs."""
    if row.pk:
        stored = type(row)._default_manager.select_for_update().get(pk=row.pk)
        if content_of(stored) == content_of(row):
            return False
        row.version = stored.version + 1
    row.save()
    return True


def _version_of(row: Reason | Term, by: User | None) -> dict[str, Any]:
    return {
        "version": row.version,
        "content": content_of(row),
        "created_by": by.pk if by else None,
    }
