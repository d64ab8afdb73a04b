"""The backend `comfyui`: queues the workflow, polls its history, fetches what it saved."""

import base64
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from typing import Any

from upstream.clients.comfyui import ComfyClient
from upstream.clients.errors import UpstreamError
from upstream.generation.backends import Backend, ChatImageJob, CoverJob, GenerationFailed, Job
from upstream.generation.workflow import NoPlaceForText, fill
from upstream.sources import endpoint_of

# The first polls come quickly, later ones every so many seconds.
FIRST_POLL, LONGEST_POLL = 0.25, 2.0
# A poll that fails is made again; so long without any answer, and the server counts as dead.
SILENCE_SECONDS = 30.0
# The source's option that holds the workflow of covers: they have no character yet.
COVER_WORKFLOW = "cover_workflow"


class ComfyBackend(Backend):
    """What ComfyUI says about a prompt may quote it: only its error's type is told on.

    Whoever takes over from a dead worker goes on polling for the prompt that was queued.
    """

    def cover(self, job: CoverJob) -> bytes:
        assert self.source is not None
        workflow = self.source.options.get(COVER_WORKFLOW)
        if not isinstance(workflow, dict):
            raise GenerationFailed("no_cover_workflow", f"the source has no {COVER_WORKFLOW}")
        reference = base64.b64encode(job.reference or b"").decode()
        return self._drawn(job, workflow, reference)

    def chat_image(self, job: ChatImageJob) -> bytes:
        return self._drawn(job, job.workflow)

    def _drawn(self, job: Job, workflow: Mapping[str, Any], reference: str = "") -> bytes:
        assert self.source is not None
        end = time.monotonic() + job.seconds
        with closing(ComfyClient(endpoint_of(self.source))) as client:
            try:
                prompt_id = job.backend_id or _queue(client, job, workflow, reference)
                entry = _await(client, prompt_id, end)
                return client.view(**_output(entry))
            except UpstreamError as error:
                raise GenerationFailed(error.vendor_code or error.code, error.message) from error


def _queue(client: ComfyClient, job: Job, workflow: Mapping[str, Any], reference: str) -> str:
    try:
        filled = fill(workflow, text=job.text, seed=job.seed, reference=reference)
    except NoPlaceForText:
        detail = "the workflow has no {{text}} and no positive prompt"
        raise GenerationFailed("invalid_prompt", detail) from None
    except (AttributeError, KeyError, TypeError) as error:
        raise GenerationFailed("invalid_prompt", "this is no workflow in API format") from error
    prompt_id = client.queue(filled, client_id=job.id)
    job.keep_id(prompt_id)
    return prompt_id


def _await(client: ComfyClient, prompt_id: str, end: float) -> dict[str, Any]:
    """The finished entry of the history; what takes too long is interrupted."""
    wait, heard = FIRST_POLL, time.monotonic()
    while time.monotonic() < end:
        try:
            entry = client.history(prompt_id)
            heard = time.monotonic()
        except UpstreamError as error:
            if error.permanent or time.monotonic() - heard > SILENCE_SECONDS:
                raise
            entry = None
        if entry is not None and _is_finished(entry):
            return entry
        time.sleep(max(0.0, min(wait, end - time.monotonic())))
        wait = min(wait * 1.5, LONGEST_POLL)
    with suppress(UpstreamError):
        client.interrupt(prompt_id)
    raise GenerationFailed("timeout", "the prompt was interrupted")


def _is_finished(entry: dict[str, Any]) -> bool:
    """Raises GenerationFailed for a prompt that ended in an error."""
    status = entry.get("status")
    status = status if isinstance(status, dict) else {}
    if status.get("status_str") == "error":
        raise GenerationFailed("execution_error", _failed_node(status.get("messages")))
    # Older servers write no status: an entry with outputs is finished.
    return bool(status.get("completed") or (not status and entry.get("outputs")))


def _failed_node(messages: Any) -> str:
    """Which node failed; never its message, which may quote the prompt."""
    for message in messages if isinstance(messages, list) else ():
        if isinstance(message, list) and len(message) == 2 and message[0] == "execution_error":
            told = message[1] if isinstance(message[1], dict) else {}
            node, kind = str(told.get("node_id", ""))[:40], str(told.get("node_type", ""))[:60]
            return f"node {node} ({kind}) failed"
        if isinstance(message, list) and message[:1] == ["execution_interrupted"]:
            return "it was interrupted"
    return "the workflow failed"


def _output(entry: dict[str, Any]) -> dict[str, str]:
    """Where the picture is: what was saved, else what was only previewed."""
    outputs = entry.get("outputs")
    images = [
        image
        for output in (outputs.values() if isinstance(outputs, dict) else ())
        if isinstance(output, dict)
        for image in output.get("images") or ()
        if isinstance(image, dict) and isinstance(image.get("filename"), str)
    ]
    if not images:
        raise GenerationFailed("no_outputs", "the workflow saved no picture")
    chosen = next((image for image in images if image.get("type") == "output"), images[0])
    return {
        "filename": chosen["filename"],
        "subfolder": str(chosen.get("subfolder") or ""),
        "kind": str(chosen.get("type") or "output"),
    }
