"""Who acts: a person, a rule, a sync or an author, with the role held at that moment."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from accounts.models import User
from accounts.roles import role_of
from moderation.enums import ActorKind

if TYPE_CHECKING:
    from upstream.models import Source


@dataclass(frozen=True, slots=True)
class Actor:
    """The author of a decision as it goes into the log: ids, never names of people."""

    kind: ActorKind
    id: int | None = None
    name: str = ""
    role: str = ""
    can_moderate: bool = False
    is_lead: bool = False

    @classmethod
    def person(cls, user: User) -> Self:
        return cls(
            kind=ActorKind.PERSON,
            id=user.pk,
            role=role_of(user),
            can_moderate=user.has_perm("accounts.moderate"),
            is_lead=user.has_perm("accounts.lead"),
        )

    @classmethod
    def sync(cls, source: "Source") -> Self:
        return cls(kind=ActorKind.SYNC, name=source.name)

    @classmethod
    def author(cls, user: User | None = None) -> Self:
        """The account that changed its content here; None where only that it did is known."""
        return cls(kind=ActorKind.AUTHOR, id=user.pk if user else None)

    @classmethod
    def rule(cls, name: str) -> Self:
        return cls(kind=ActorKind.RULE, name=name, can_moderate=True)
