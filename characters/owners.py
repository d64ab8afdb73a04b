"""Which account the end user of a signed call is."""

from accounts.identities import LOCAL
from accounts.models import ApiKey, Identity
from upstream.models import Source


def account_of(*, key: ApiKey, user_id: str) -> int:
    """The id of the account that `owner_of` finds, else of the key's own."""
    return owner_of(key=key, user_id=user_id) or key.user_id


def owner_of(*, key: ApiKey, user_id: str) -> int | None:
    """The id of the account that has this `X-User-ID` as an identity, None when nobody has.

    A key that is narrowed to a source knows the users of that source alone; else the key's own
    account comes first, then the one at the source added first. The ids under which accounts make
    things here count with their own keys only: everybody can read them. At most two queries.
    """
    identities = Identity.objects.filter(upstream_user_id=user_id)
    if key.source:
        identities = identities.filter(source__in=[key.source, LOCAL])
    found = dict(identities.values_list("source", "user_id"))
    if found.get(LOCAL) != key.user_id:
        found.pop(LOCAL, None)
    if key.source in found:
        return found[key.source]
    if key.user_id in found.values():
        return key.user_id
    if len(set(found.values())) <= 1:
        return next(iter(found.values()), None)
    sources = Source.objects.filter(name__in=found).order_by("id").values_list("name", flat=True)
    return found[next(iter(sources), min(found))]
