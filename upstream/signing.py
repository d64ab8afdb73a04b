"""The headers of a signed request to an open platform (contracts 2 and 3)."""

import secrets
import string
import time
from collections.abc import Mapping
from typing import Any

from core.signing import base_string, sign, verify

__all__ = ["base_string", "new_request_id", "sign", "signed_headers", "verify"]

_ALPHABET = string.ascii_letters + string.digits


def new_request_id() -> str:
    """32 random characters, as the vendor advises."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(32))


def signed_headers(
    *,
    key: str,
    secret: str,
    user_id: str,
    path: str,
    body: Mapping[str, Any] | None,
    request_id: str,
    timestamp: int | None = None,
) -> dict[str, str]:
    """All five required headers of a POST; `timestamp` is Unix seconds, now when left out."""
    moment = str(int(time.time()) if timestamp is None else timestamp)
    base = base_string(method="POST", path=path, timestamp=moment, user_id=user_id, body=body)
    return {
        "Authorization": f"Bearer {key}",
        "X-Timestamp": moment,
        "X-Signature": sign(secret, base),
        "X-Request-ID": request_id,
        "X-User-ID": user_id,
    }
