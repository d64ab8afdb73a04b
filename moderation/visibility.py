"""What staff may see of what is held: nothing, unless they are leads."""

from typing import Any, TypeVar

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import User
from moderation.models import Decision, Note, Reviewable
from moderation.registry import model_for, subject_types

Subjects = TypeVar("Subjects", bound=Reviewable)
Records = TypeVar("Records", Decision, Note)


def may_see(subject: Reviewable, user: User) -> bool:
    """A held subject is for leads; everything else for everyone with a role."""
    return not subject.held or user.has_perm("accounts.lead")


def visible_to(rows: QuerySet[Subjects], user: User) -> QuerySet[Subjects]:
    """Held subjects appear in no list but the leads'."""
    return rows if user.has_perm("accounts.lead") else rows.filter(held=False)


def without_held(rows: QuerySet[Records], user: User) -> QuerySet[Records]:
    """Decisions and notes on held subjects are for leads, too."""
    if user.has_perm("accounts.lead"):
        return rows
    held: Any = Q()
    for subject_type in subject_types():
        subjects = model_for(subject_type).objects.filter(pk=OuterRef("subject_id"), held=True)
        held |= Exists(subjects)
    return rows.exclude(held)
