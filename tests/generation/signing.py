"""A client that signs as the vendor's page says, by code of its own: it shares none with ours."""

import hashlib
import hmac
import json
import secrets
import time
from dataclasses import dataclass
from typing import Any, Self

import httpx

from accounts.keys import Limits, issue_key
from accounts.models import ApiKey
from tests.factories import make_person

_used: set[int] = set()
OPTIONS, COVER, CHAT = "/v1/config/options", "/v1/agent/cover", "/v1/chat/image"
MAN = {
    "gender": "male", "age": "26-35", "ethnicity": "European", "bodyType": "Stocky",
    "hairColor": "brown", "hairStyle": "Undercut",
}  # fmt: skip
WOMAN = {
    "gender": "female", "age": "18-25", "ethnicity": "Asian", "bodyType": "Slim",
    "breastSize": "Medium", "buttSize": "Medium", "hairColor": "black", "hairStyle": "Long",
}  # fmt: skip


def own_second() -> int:
    """The newest second that no call has had: equal bodies of one second share a signature."""
    second = int(time.time())
    while second in _used:
        second -= 1
    _used.add(second)
    return second


def canonical(body: dict[str, Any]) -> str:
    parts = []
    for name in sorted(body):
        value = body[name]
        if value is None:
            continue
        text = (
            value.strip()
            if isinstance(value, str)
            else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        )
        if text:
            parts.append(f"{name}={text}")
    return "&".join(parts)


def hmac_hex(secret: str, base: str) -> str:
    return hmac.new(
        secret.encode(), base.encode("utf-8", "surrogatepass"), hashlib.sha256
    ).hexdigest()


@dataclass
class Signing:
    """Calls of one key at one server, as the user `user_id`."""

    url: str
    key: str
    secret: str
    row: ApiKey
    user_id: str = "user-123"

    @classmethod
    def of(cls, name: str, url: str, *, scopes: list[str] | None = None, **limits: Any) -> Self:
        source = limits.pop("source", "")
        user = limits.pop("user", None) or make_person(name)
        issued = issue_key(
            user=user,
            scopes=scopes or ["generation"],
            signed=True,
            source=source,
            limits=Limits(**limits),
        )
        return cls(url, issued.plain, issued.secret, issued.key, user_id=f"user-of-{name}")

    def headers(
        self,
        path: str,
        body: dict[str, Any],
        *,
        at: int | None = None,
        request_id: str = "",
        user_id: str = "",
        method: str = "POST",
        query: str = "",
    ) -> dict[str, str]:
        moment = str(own_second() if at is None else at)
        user = user_id or self.user_id
        base = "\n".join([method, path, moment, user, query, canonical(body)])
        return {
            "Authorization": f"Bearer {self.key}",
            "X-Timestamp": moment,
            "X-Signature": hmac_hex(self.secret, base),
            "X-Request-ID": request_id or secrets.token_hex(16),
            "X-User-ID": user,
            "Content-Type": "application/json",
        }

    def post(self, path: str, body: dict[str, Any], **how: Any) -> httpx.Response:
        """Signs and sends; `headers` are sent instead of those that would be made."""
        timeout = how.pop("timeout", 60)
        sent = how.pop("headers", None) or self.headers(path, body, **how)
        return self.send(path, body, sent, timeout=timeout)

    def send(
        self, path: str, body: Any, headers: dict[str, str], *, timeout: float = 60
    ) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        return httpx.post(self.url + path, content=content, headers=headers, timeout=timeout)

    def cover(self, body: dict[str, Any] | None = None, **how: Any) -> Any:
        """The envelope of a cover; `body` changes fields of a man's, None drops one."""
        fields = {**MAN, **(body or {})}
        sent = {name: value for name, value in fields.items() if value is not None}
        return self.post(COVER, sent, **how).json()

    def options(self, **body: Any) -> Any:
        return self.post(OPTIONS, {"namespace": "custom_agent", **body}).json()
