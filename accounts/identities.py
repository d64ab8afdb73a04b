"""Which upstream users an account is, and who it is for what it makes here."""

import uuid
from collections.abc import Sequence

from django.db import IntegrityError, transaction

from accounts.audit import record
from accounts.models import Identity, User

# Stands for Gatehouse in an identity's `source`: the author of what was made here. No source may
# take this name.
LOCAL = "gatehouse"

Pair = tuple[str, str]


def identities_of(user: User) -> list[Pair]:
    """(source, upstream user id) of each, oldest first; one query."""
    return list(user.identities.order_by("id").values_list("source", "upstream_user_id"))


@transaction.atomic
def local_author(*, user: User, prefer: Sequence[str] = ()) -> str:
    """The id under which the account makes things here; from then on it is an identity of its own.

    An existing client knows its user by the upstream's id, so it is that one: at the first source
    of `prefer` where the account is somebody, else what it was here before, else at any source.
    Where another account has taken the same id here, and for accounts without identities, it is
    one of ours.
    """
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    known = identities_of(user)
    here = [name for source, name in known if source == LOCAL]
    upstream = {source: name for source, name in reversed(known) if source != LOCAL}
    preferred = [upstream[source] for source in prefer if source in upstream][:1]
    for name in (*preferred, *here, *upstream.values()):
        if name in here or _take(user, name):
            return name
    name = str(uuid.uuid4())
    _take(user, name)
    return name


def _take(user: User, name: str) -> bool:
    """Makes the local id `name` the account's; False when it is another's."""
    try:
        with transaction.atomic():
            Identity.objects.create(user=user, source=LOCAL, upstream_user_id=name)
            record(by=user, about=user, message=f"Identity at {LOCAL} added")
    except IntegrityError:
        return False
    return True
