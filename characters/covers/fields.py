"""The body of `POST /v1/agent/cover`: which fields it needs, and what they may say."""

from collections.abc import Mapping
from typing import Any

from accounts.models import ApiKey
from characters.enums import Category, Gender
from characters.options import missing_choices
from characters.references import find_reference
from core.envelope import Code, Declined

REFERENCE = "refImageId"
# Asked for a woman, ignored for a man.
FEMALE_ONLY = (Category.BREAST_SIZE, Category.BUTT_SIZE)
REQUIRED = tuple(category for category in Category if category not in FEMALE_ONLY)
MAX_CODE = 64


def read_cover(body: Mapping[str, Any], *, key: ApiKey, user_id: str) -> dict[str, Any]:
    """What a worker needs: `options` (gender and codes by field name) and `reference`, the id of
    an attachment or None. Raises Declined in the contract's words."""
    gender = _text(body, "gender", "gender is required")
    choices = {
        category: _text(body, category.field, f"{category.field} is required")
        for category in REQUIRED
    }
    if gender not in Gender.values:
        raise Declined(Code.INVALID, "gender is invalid")
    if gender == Gender.FEMALE:
        for category in FEMALE_ONLY:
            name = category.field
            choices[category] = _text(body, name, f"{name} is required for female")
    if missing := missing_choices(choices, gender=gender):
        raise Declined(Code.INVALID, f"{missing[0].field} is invalid")
    options = {"gender": gender} | {category.field: code for category, code in choices.items()}
    return {"options": options, "reference": _reference(body, key=key, user_id=user_id)}


def _text(body: Mapping[str, Any], name: str, missing: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value.strip():
        raise Declined(Code.INVALID, missing)
    if len(value) > MAX_CODE or not value.isprintable():
        raise Declined(Code.INVALID, f"{name} is invalid")
    return value.strip()


def _reference(body: Mapping[str, Any], *, key: ApiKey, user_id: str) -> str | None:
    value = body.get(REFERENCE)
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    found = find_reference(str(value), key=key, user_id=user_id) if isinstance(value, str) else None
    if found is None:
        raise Declined(Code.INVALID, f"{REFERENCE} not found")
    return str(found.pk)
