"""Whether something is a ComfyUI workflow in API format."""

from typing import Any

import orjson
from django.utils.translation import gettext as _

from upstream.clients.fields import storage_problem

MAX_BYTES = 1024 * 1024


def workflow_problem(value: Any) -> str:
    """What keeps `value` from being one, as a sentence for its author; "" when it is one.

    Node id → {"class_type": str, "inputs": {…}}; other keys of a node (`_meta`) are kept.
    """
    if not isinstance(value, dict) or not value:
        return _("A workflow is a JSON object of nodes; export it in API format.")
    if isinstance(value.get("nodes"), list):
        return _("This is a saved workflow of the editor; export it in API format instead.")
    for node_id, node in value.items():
        if not isinstance(node, dict):
            return _("Node %(node)s is not an object.") % {"node": node_id}
        class_type = node.get("class_type")
        if not isinstance(class_type, str) or not class_type.strip():
            return _("Node %(node)s has no class_type.") % {"node": node_id}
        if not isinstance(node.get("inputs"), dict):
            return _("Node %(node)s has no inputs.") % {"node": node_id}
    return _unstorable(value)


def _unstorable(value: Any) -> str:
    if problem := storage_problem(value):
        return _("The workflow cannot be stored: %(problem)s.") % {"problem": problem}
    try:
        size = len(orjson.dumps(value))
    except orjson.JSONEncodeError:
        return _("The workflow holds numbers that cannot be stored.")
    if size > MAX_BYTES:
        return _("The workflow is larger than 1 MB.")
    return ""
