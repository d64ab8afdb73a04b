"""The signature of contracts 2 and 3: base string, signing and constant-time verification.

No I/O and no models, so that the server side (which knows the secrets' owners) and the client
side (which calls other people's servers) compute the very same bytes.
"""

import hashlib
import hmac
import json
import math
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

WINDOW_SECONDS = 300
# What JavaScript's trim() removes: the vendor's clients are written in it.
_WHITESPACE = (
    "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)


class _Number(float):
    """A number that remembers how the sender wrote it."""

    text: str


def _number(text: str) -> _Number:
    number = _Number(text)
    number.text = text
    return number


def canonical_query(fields: Iterable[tuple[str, str | None]]) -> str:
    """Decoded query fields as `k=v` joined with `&`: empty ones dropped, sorted by name."""
    kept = [(name, value) for name, value in fields if value]
    return "&".join(f"{name}={value}" for name, value in sorted(kept, key=lambda pair: pair[0]))


def canonical_body(fields: Mapping[str, Any] | None) -> str:
    """The top-level JSON fields as `k=v`: strings trimmed, null and blank dropped, sorted by name.

    Everything that is not a string contributes its compact JSON text, `{}` and `[]` included.
    """
    parts = []
    for name in sorted(fields or {}):
        value = (fields or {})[name]
        text = value.strip(_WHITESPACE) if isinstance(value, str) else compact_json(value)
        if value is not None and text:
            parts.append(f"{name}={text}")
    return "&".join(parts)


def compact_json(value: Any) -> str:
    """JSON as JavaScript's JSON.stringify writes it: no spaces, insertion order, non-ASCII kept.

    Numbers that came through `parse_body` keep the text they came with.
    """
    if isinstance(value, Mapping):
        pairs = (f"{_string(str(name))}:{compact_json(item)}" for name, item in value.items())
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(compact_json(item) for item in value) + "]"
    if isinstance(value, _Number):
        return value.text
    if isinstance(value, float):
        return _float(value)
    return _string(value)


def _string(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _float(value: float) -> str:
    if not math.isfinite(value):
        return "null"
    if value == int(value) and abs(value) < 1e21:
        return str(int(value))
    if 1e-6 <= abs(value) < 1e21:
        return format(Decimal(repr(value)), "f")
    digits, _, exponent = repr(value).partition("e")
    return f"{digits}e{exponent[0]}{exponent[1:].lstrip('0')}"


def parse_body(body: bytes) -> dict[str, Any] | None:
    """The JSON object of a request body for `canonical_body`; None when it is not one."""
    try:
        value = json.loads(body, parse_float=_number)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def base_string(
    *,
    method: str,
    path: str,
    timestamp: str,
    user_id: str,
    query: Iterable[tuple[str, str | None]] = (),
    body: Mapping[str, Any] | None = None,
) -> str:
    """The text that is signed; `body` is None for multipart and for requests without a body."""
    parts = (
        method.upper(),
        path,
        timestamp,
        user_id,
        canonical_query(query),
        canonical_body(body),
    )
    return "\n".join(parts)


def sign(secret: str, base: str) -> str:
    """Lower-case hex HMAC-SHA256 of the base string."""
    message = base.encode("utf-8", "surrogatepass")
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def verify(secret: str, base: str, signature: str) -> bool:
    """Whether `signature` is that of the base string, compared in constant time."""
    given = signature.encode("utf-8", "surrogatepass")
    return hmac.compare_digest(sign(secret, base).encode(), given)


def is_fresh(timestamp: str, *, now: float) -> bool:
    """Whether the X-Timestamp (Unix seconds) is within five minutes of `now`."""
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        return False
    return abs(int(timestamp) - now) <= WINDOW_SECONDS
