"""A ComfyUI that draws placeholders: checks workflows as the real one does, takes its time, and
writes the whole prompt into the PNG as SaveImage does."""

import io
import json
import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from upstream.sandbox.pictures import draw
from upstream.sandbox.words import pick

OUTPUT_NODES = {"SaveImage": "output", "PreviewImage": "temp"}
# What the control endpoint may set: how every later prompt goes.
WAYS = ("", "error", "stuck", "empty")
# Prompts that are remembered; a long-lived sandbox forgets the oldest.
KEPT = 500


@dataclass
class Prompt:
    """One queued workflow; `ready_at` is when it is finished, by the process's own clock."""

    id: str
    workflow: dict[str, Any]
    ready_at: float
    way: str
    interrupted: bool = False


@dataclass
class Refusal:
    """What `/prompt` answers with 400."""

    type: str
    message: str
    node_errors: dict[str, Any] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        error = {"type": self.type, "message": self.message, "details": "", "extra_info": {}}
        return {"error": error, "node_errors": self.node_errors}


class Engine:
    """The queue and history of one sandbox; safe between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._prompts: dict[str, Prompt] = {}
        self.interrupts: list[str] = []
        self.way = ""

    def queue(self, workflow: Any, *, seconds: float) -> Prompt | Refusal:
        if refusal := _problem(workflow):
            return refusal
        with self._lock:
            ready_at = time.monotonic() + seconds
            prompt = Prompt(str(uuid.uuid4()), workflow, ready_at, self.way)
            self._prompts[prompt.id] = prompt
            for old in list(self._prompts)[:-KEPT]:
                del self._prompts[old]
            return prompt

    def history(self, prompt_id: str) -> dict[str, Any]:
        """`{}` while unknown or unfinished."""
        with self._lock:
            prompt = self._prompts.get(prompt_id)
            if prompt is None:
                return {}
            waits = prompt.way == "stuck" or time.monotonic() < prompt.ready_at
            if waits and not prompt.interrupted:
                return {}
        return {prompt_id: _entry(prompt)}

    def interrupt(self, prompt_id: str) -> None:
        """That prompt, or without an id whatever is being drawn."""
        with self._lock:
            self.interrupts.append(prompt_id)
            for prompt in self._prompts.values():
                if prompt_id in {"", prompt.id}:
                    prompt.interrupted = True

    def view(self, filename: str) -> bytes | None:
        """The PNG of a finished prompt, its metadata included."""
        prompt_id = filename.removesuffix("_00001_.png")
        with self._lock:
            prompt = self._prompts.get(prompt_id)
        return _drawn(prompt) if prompt else None

    def prompts(self) -> list[dict[str, Any]]:
        """The workflows as they came, oldest first; for tests."""
        with self._lock:
            return [prompt.workflow for prompt in self._prompts.values()]


def _problem(workflow: Any) -> Refusal | None:
    if not isinstance(workflow, dict):
        return Refusal("no_prompt", "No prompt provided")
    for node_id, node in workflow.items():
        if not isinstance(node, dict) or not node.get("class_type"):
            message = "Cannot execute because a node is missing the class_type property."
            return Refusal("invalid_prompt", message)
        if not isinstance(node.get("inputs"), dict):
            return Refusal("invalid_prompt", f"Node {node_id} has no inputs")
    if not any(node["class_type"] in OUTPUT_NODES for node in workflow.values()):
        return Refusal("prompt_no_outputs", "Prompt has no outputs")
    if errors := _broken_links(workflow):
        message = "Prompt outputs failed validation"
        return Refusal("prompt_outputs_failed_validation", message, errors)
    return None


def _broken_links(workflow: dict[str, Any]) -> dict[str, Any]:
    """As ComfyUI tells it: it repeats the input that it received."""
    found = {}
    for node_id, node in workflow.items():
        wrong = [
            {"type": "bad_linked_input", "message": "Bad linked input", "details": f"{name}",
             "extra_info": {"received_value": value, "prompt": node["inputs"]}}
            for name, value in node["inputs"].items()
            if isinstance(value, list) and len(value) == 2 and value[0] not in workflow
        ]  # fmt: skip
        if wrong:
            found[node_id] = {"errors": wrong, "class_type": node["class_type"]}
    return found


def _entry(prompt: Prompt) -> dict[str, Any]:
    if prompt.interrupted or prompt.way == "error":
        kind = "execution_interrupted" if prompt.interrupted else "execution_error"
        told = {
            "prompt_id": prompt.id, "node_id": "3", "node_type": "KSampler",
            "exception_message": f"out of memory while drawing {prompt.workflow}",
        }  # fmt: skip
        status = {"status_str": "error", "completed": False, "messages": [[kind, told]]}
        return {"outputs": {}, "status": status}
    outputs = {
        node_id: {"images": [{"filename": f"{prompt.id}_00001_.png", "subfolder": "",
                              "type": OUTPUT_NODES[node["class_type"]]}]}
        for node_id, node in prompt.workflow.items()
        if node["class_type"] in OUTPUT_NODES and prompt.way != "empty"
    }  # fmt: skip
    status = {"status_str": "success", "completed": True, "messages": []}
    return {"outputs": outputs, "status": status}


def _drawn(prompt: Prompt) -> bytes:
    info = PngInfo()
    text = json.dumps(prompt.workflow)
    info.add_text("prompt", text)
    info.add_text("workflow", text)
    image: Image.Image = draw(pick(0, text), 512, 768, ("comfyui", "sandbox"))
    out = io.BytesIO()
    image.save(out, "PNG", pnginfo=info, compress_level=1)
    return out.getvalue()
