"""Putting a text, a seed and a reference into a ComfyUI workflow.

`{{text}}` in any input takes the text, `{{reference}}` the reference picture as base64. Without a
`{{text}}` the positive prompt takes it: the text node that a sampler's `positive` leads to, else
the only one there is. `seed` and `noise_seed` inputs take the job's seed, so that two requests are
two pictures and a second try is the same one.
"""

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any

TEXT, REFERENCE = "{{text}}", "{{reference}}"
SEEDS = ("seed", "noise_seed")
# ComfyUI takes 64 bits; JavaScript keeps 53.
SEED_LIMIT = 2**53
# An encoder's input for the prompt, in the order in which it is looked for.
_PROMPT_INPUTS = ("text", "text_g", "prompt", "clip_l", "t5xxl")
_MAX_STEPS = 50


class NoPlaceForText(Exception):
    """The workflow has neither `{{text}}` nor a positive prompt that could be told apart."""


def fill(
    workflow: Mapping[str, Any], *, text: str, seed: int, reference: str = ""
) -> dict[str, Any]:
    """A copy of the workflow that draws `text`. Raises NoPlaceForText."""
    filled = copy.deepcopy(dict(workflow))
    if not _replace(filled, TEXT, text):
        node, name = _positive(filled)
        filled[node]["inputs"][name] = text
    _replace(filled, REFERENCE, reference)
    for node in filled.values():
        for name in SEEDS:
            if isinstance(node["inputs"].get(name), int):
                node["inputs"][name] = seed % SEED_LIMIT
    return filled


def _replace(workflow: dict[str, Any], mark: str, value: str) -> bool:
    """Whether the mark stood in any input, at any depth."""
    found = False

    def put(text: str) -> str:
        nonlocal found
        found = found or mark in text
        return text.replace(mark, value)

    for node in workflow.values():
        node["inputs"] = _strings(node["inputs"], put)
    return found


def _strings(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {name: _strings(item, change) for name, item in value.items()}
    if isinstance(value, list):
        return [_strings(item, change) for item in value]
    return value


def _positive(workflow: Mapping[str, Any]) -> tuple[str, str]:
    """(node id, input) of the positive prompt."""
    for node in workflow.values():
        source = node["inputs"].get("positive")
        for place in _upstream(workflow, source):
            if found := _prompt_input(workflow, place):
                return found
    encoders = [
        found
        for node_id, node in workflow.items()
        if "TextEncode" in node["class_type"] and (found := _prompt_input(workflow, node_id))
    ]
    if len(encoders) != 1:
        raise NoPlaceForText
    return encoders[0]


def _upstream(workflow: Mapping[str, Any], link: Any) -> Iterator[str]:
    """The nodes behind a link, nearest first, through those that only pass conditioning on."""
    waiting, seen = [link], set[str]()
    while waiting and len(seen) < _MAX_STEPS:
        source = waiting.pop(0)
        if not isinstance(source, list) or not source or source[0] not in workflow:
            continue
        node_id = source[0]
        if node_id in seen:
            continue
        seen.add(node_id)
        yield node_id
        inputs = workflow[node_id]["inputs"]
        waiting += [value for name, value in inputs.items() if "conditioning" in name]
        waiting += [inputs[name] for name in ("positive",) if name in inputs]


def _prompt_input(workflow: Mapping[str, Any], node_id: str) -> tuple[str, str] | None:
    """The input of a node that holds its prompt, or of the text node behind that input."""
    inputs = workflow[node_id]["inputs"]
    for name in _PROMPT_INPUTS:
        value = inputs.get(name)
        if isinstance(value, str):
            return node_id, name
        if isinstance(value, list) and value and value[0] in workflow:
            return _prompt_input_of_text(workflow, value[0])
    return None


def _prompt_input_of_text(workflow: Mapping[str, Any], node_id: str) -> tuple[str, str] | None:
    for name in ("text", "value", "string", "prompt"):
        if isinstance(workflow[node_id]["inputs"].get(name), str):
            return node_id, name
    return None
