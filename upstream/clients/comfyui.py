"""ComfyUI as a client: queue a workflow, ask for its result, fetch the picture, interrupt.

https://docs.comfy.org/development/comfyui-server/comms_routes
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from core.http import GuardedClient, Timeouts, TransferError
from core.signing import compact_json
from upstream.clients.answers import parsed_json
from upstream.clients.base import JSON_MAX_BYTES
from upstream.clients.endpoint import Endpoint
from upstream.clients.errors import UpstreamError

MAX_PICTURE = 96 * 1024 * 1024


class ComfyClient:
    """One ComfyUI. Nothing is repeated here; every call raises UpstreamError.

    A message never repeats what was sent: ComfyUI quotes inputs, prompts among them.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        seconds = endpoint.timeout
        self._http = GuardedClient(
            allow_private=endpoint.allow_private,
            allow_hosts=endpoint.allow_hosts,
            timeouts=Timeouts(connect=min(10.0, seconds), read=seconds, total=seconds),
        )

    def close(self) -> None:
        self._http.close()

    def queue(self, workflow: Mapping[str, Any], *, client_id: str) -> str:
        """`POST /prompt`: the id under which it is queued. A workflow that ComfyUI refuses is an
        UpstreamError whose `vendor_code` is its error's type, `invalid_prompt` and the like."""
        status, value = self._json(
            "POST", "/prompt", {"prompt": dict(workflow), "client_id": client_id}
        )
        prompt_id = value.get("prompt_id")
        if status >= 400 or not isinstance(prompt_id, str) or not prompt_id:
            raise _refusal(status, value)
        return prompt_id

    def history(self, prompt_id: str) -> dict[str, Any] | None:
        """`GET /history/{id}`: `outputs` and `status`; None while it is queued or drawn."""
        status, value = self._json("GET", f"/history/{prompt_id}")
        if status >= 400:
            raise _refusal(status, value)
        entry = value.get(prompt_id)
        return entry if isinstance(entry, dict) else None

    def view(self, *, filename: str, subfolder: str, kind: str) -> bytes:
        """`GET /view`: the bytes of an output."""
        query = urlencode({"filename": filename, "subfolder": subfolder, "type": kind})
        status, data = self._fetch("GET", f"/view?{query}", MAX_PICTURE)
        if status != 200 or not data:
            raise UpstreamError(
                "unavailable", "the picture is not there", permanent=False, status=status
            )
        return data

    def interrupt(self, prompt_id: str) -> None:
        """`POST /interrupt`: stops between two nodes; newer servers stop this prompt alone."""
        self._fetch("POST", "/interrupt", JSON_MAX_BYTES, {"prompt_id": prompt_id})

    def _json(
        self, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> tuple[int, dict[str, Any]]:
        status, data = self._fetch(method, path, JSON_MAX_BYTES, body)
        if status >= 500:
            raise UpstreamError(
                "unavailable", f"the server answered {status}", permanent=False, status=status
            )
        value = parsed_json(status, data)
        return status, value if isinstance(value, dict) else {}

    def _fetch(
        self, method: str, path: str, most: int, body: Mapping[str, Any] | None = None
    ) -> tuple[int, bytes]:
        content = None if body is None else compact_json(body).encode("utf-8", "replace")
        headers = {"Accept": "*/*"} | ({"Content-Type": "application/json"} if content else {})
        if self.endpoint.token:
            headers["Authorization"] = f"Bearer {self.endpoint.token}"
        try:
            reply, data = self._http.fetch(
                method, self.endpoint.url(path), max_bytes=most, headers=headers, content=content
            )
        except TransferError as error:
            raise UpstreamError.from_transfer(error) from error
        return reply.status, data


def _refusal(status: int, value: dict[str, Any]) -> UpstreamError:
    """ComfyUI's error without its words, and which nodes it is about."""
    error = value.get("error")
    kind = error.get("type") if isinstance(error, dict) else error
    word = kind if isinstance(kind, str) and kind.isidentifier() else "invalid_prompt"
    return UpstreamError(
        "invalid", _nodes(value.get("node_errors")), permanent=True, status=status, vendor_code=word
    )


def _nodes(errors: Any) -> str:
    if not isinstance(errors, dict) or not errors:
        return "the workflow was refused"
    named = [
        f"{str(node)[:40]} ({str(found.get('class_type', ''))[:60]})"
        for node, found in errors.items()
        if isinstance(found, dict)
    ]
    return f"the workflow was refused at {', '.join(named[:5])}"
