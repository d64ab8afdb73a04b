"""Which account the end user of a signed call is."""

from accounts.models import ApiKey, Identity
from upstream.models import Source


def account_of(*, key: ApiKey, user_id: str) -> int:
    """The id of the account that has this `X-User-ID` as an identity, else of the key's own.

    A key that is narrowed to a source knows the users of that source alone; where several sources
    have the id, the source added first counts. At most two queries.
    """
    identities = Identity.objects.filter(upstream_user_id=user_id)
    if key.source:
        identities = identities.filter(source=key.source)
    found = dict(identities.values_list("source", "user_id"))
    if len(set(found.values())) <= 1:
        return next(iter(found.values()), key.user_id)
    sources = Source.objects.filter(name__in=found).order_by("id").values_list("name", flat=True)
    return found[next(iter(sources), min(found))]
