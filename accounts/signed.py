"""Signing keys: whose key a signed request presents, and the secret its signature is checked with.

The signature itself is `core.signing`; what a request id means for replays is the endpoint's.
"""

from dataclasses import dataclass

from accounts.errors import InvalidKey
from accounts.keys import find_key
from accounts.models import ApiKey


@dataclass(frozen=True, slots=True)
class Signer:
    """A live signing key; `secret` is the one that belongs to the key as presented."""

    key: ApiKey
    secret: str


def find_signer(plain: str) -> Signer:
    """The signer behind the key of a request. Raises InvalidKey, also for keys without a secret.

    Counts nothing: call `accounts.keys.count_call(signer.key)` once the signature is right.
    """
    found = find_key(plain)
    if not found.secret:
        raise InvalidKey
    return Signer(key=found.key, secret=found.secret)
