"""The catalogue of options: what clients are offered, and whether a choice is one of it."""

import hashlib
import io
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.urls import reverse
from PIL import Image

from characters.enums import Category
from characters.models import Option
from media.services import reencoded_picture

NAMESPACE = "custom_agent"
PREVIEW_SIDE = 256


def catalogue(*, gender: str = "", language: str = "en") -> dict[str, list[dict[str, Any]]]:
    """Category → list of {code, label, previewUrl}; every category is there. One query.

    `gender` leaves out what is offered for the other one. A label that is missing in `language`
    falls back to English, then to the code.
    """
    offered: dict[str, list[dict[str, Any]]] = {category: [] for category in Category.values}
    for option in _offered(gender).defer("preview"):
        offered[option.category].append(
            {
                "code": option.code,
                "label": _label(option, language),
                "previewUrl": preview_url(option),
            }
        )
    return offered


def missing_choices(choices: Mapping[Category, str], *, gender: str) -> list[Category]:
    """Those categories whose choice is not offered for this gender. One query."""
    wanted = Q(pk=None)
    for category, code in choices.items():
        wanted |= Q(category=category, code=code)
    found = set(_offered(gender).filter(wanted).values_list("category", flat=True))
    return [category for category in choices if category not in found]


def _offered(gender: str) -> QuerySet[Option]:
    offered = Option.objects.filter(active=True)
    return offered.filter(gender__in=["", gender]) if gender else offered


def _label(option: Option, language: str) -> str:
    own = option.label_zh if language.lower().startswith("zh") else option.label_en
    return own or option.label_en or option.code


def preview_url(option: Option) -> str | None:
    """Absolute; None without a preview."""
    if not option.preview_mark:
        return None
    path = reverse("option-preview", args=[option.pk, option.preview_mark])
    return f"{settings.PUBLIC_URL}{path}"


def set_preview(option: Option, data: bytes) -> None:
    """Gives the option a preview of at most 256 px, encoded anew. Raises media's Refused.

    Does not save.
    """
    with Image.open(io.BytesIO(reencoded_picture(data))) as image:
        image.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE))
        out = io.BytesIO()
        image.convert("RGB").save(out, "WEBP", quality=80, method=1)
    option.preview = out.getvalue()
    option.preview_mark = hashlib.sha256(option.preview).hexdigest()[:16]
