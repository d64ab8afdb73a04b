"""What can go wrong with an upstream: a whole request, or one record of it."""

import json
from typing import Any

from core.http import TransferError


class UpstreamError(Exception):
    """A call that gave no usable answer.

    `permanent`: the same call will fail again. `retry_after`: seconds the upstream asked us to
    wait. `status`: the HTTP status, None when there was no answer. `vendor_code`: the upstream's
    own code. The message is short and holds no query string and no credential.

    Codes: unauthorized, forbidden, not_found, invalid, rate_limited, unavailable, not_json,
    malformed, rejected, and those of core.http.TransferError.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        permanent: bool,
        retry_after: float | None = None,
        status: int | None = None,
        vendor_code: str = "",
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.permanent = permanent
        self.retry_after = retry_after
        self.status = status
        self.vendor_code = vendor_code

    @classmethod
    def from_transfer(cls, error: TransferError) -> "UpstreamError":
        return cls(error.code, error.message, permanent=error.permanent)


class RecordError(Exception):
    """One record that cannot be taken over; the rest of its page can.

    `upstream_id` is its id when that much was readable, else "". `raw` is what came, whatever its
    type; `raw_text` is the same as pure ASCII JSON, which any text column holds and `json.loads`
    turns back into `raw` for a replay.
    """

    def __init__(self, message: str, *, upstream_id: str, raw: Any) -> None:
        super().__init__(message)
        self.message = message
        self.upstream_id = upstream_id
        self.raw = raw

    @property
    def raw_text(self) -> str:
        try:
            return json.dumps(self.raw, ensure_ascii=True)
        except (RecursionError, TypeError, ValueError):
            return "null"
