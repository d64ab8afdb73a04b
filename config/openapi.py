"""How the REST API describes itself (`/api/schema/`, shown by `/api/docs/`)."""

import inspect
import re
from typing import Any

from drf_spectacular.openapi import AutoSchema

from core.problems import CONTENT_TYPE

PREFIX = "/api/moderation/"
_PROBLEM = {
    "type": "object",
    "description": "RFC 9457; `errors` holds what is wrong by field.",
    "required": ["type", "title", "status", "detail", "errors"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {},
    },
}


class Schema(AutoSchema):
    """Names operations by method and path, groups them by the path's first word."""

    def get_operation_id(self) -> str:
        words = re.findall(r"\w+", self.path.removeprefix(PREFIX))
        return "_".join([self.method.lower(), *words])

    def get_tags(self) -> list[str]:
        return [self.path.removeprefix(PREFIX).partition("/")[0]]

    def get_description(self) -> str:  # type: ignore[override]
        """The method's own docstring; a view's speaks to the code's readers."""
        action = getattr(self.view, self.method.lower(), None)
        return inspect.getdoc(action) or "" if action else ""


def describe_problems(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """In our own API every answer that is not listed is an error, and every error a problem
    document; the contracts list theirs."""
    result["components"]["schemas"]["Problem"] = _PROBLEM
    answer = {
        "description": "An error",
        "content": {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    own = [path for path in result["paths"] if path.startswith(PREFIX)]
    for path in own:
        for operation in result["paths"][path].values():
            operation["responses"]["default"] = answer
    return result
