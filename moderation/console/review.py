"""The review page of a queue: one light document whose scripts speak to the REST API."""

import base64
import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from unfold.settings import get_config

from accounts.models import User
from core.middleware import CSP_STRICT
from moderation.console.access import LEAD, console_page
from moderation.console.navigation import works_queue
from moderation.console.review_words import words
from moderation.errors import UnknownQueue
from moderation.models import Reason
from moderation.registry import ReviewQueue, get_queue, queues

_FOLDER = "moderation/review"
_STATIC = Path(__file__).resolve().parent.parent / "static" / _FOLDER


@console_page()
def review_page(request: HttpRequest, slug: str) -> HttpResponse:
    """The page itself claims nothing: its first picture comes with the scripts' first request."""
    try:
        queue = get_queue(slug)
    except UnknownQueue:
        raise Http404 from None
    user = request.user
    assert isinstance(user, User)
    allowed = works_queue(request, queue)
    context = {
        "queue": queue,
        "user": user,
        "given_away": not allowed and user.has_perm(queue.permission),
        "language": get_language() or settings.LANGUAGE_CODE,
        "languages": settings.LANGUAGES,
        "colors": get_config()["COLORS"],
        "theme": get_config().get("THEME"),
    }
    if not allowed:
        return _answer(request, "moderation/review/denied.html", context, status=403)
    context |= {
        "import_map": import_map(),
        "modules": sorted(static(name) for name in module_names() if not name.endswith("/main.js")),
        "config": page_config(request, queue, user),
        "cards": card_templates(queue),
    }
    return _answer(request, "moderation/review/page.html", context)


def _answer(
    request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    response = render(request, template, context, status=status)
    # The page draws blurred copies of pictures itself, as data: addresses.
    policy = f"img-src 'self' data:; {CSP_STRICT} '{_digest(import_map())}'"
    response.headers["Content-Security-Policy"] = policy
    return response


@lru_cache(maxsize=1)
def module_names() -> list[str]:
    return sorted(
        f"{_FOLDER}/{path.name}" for path in _STATIC.glob("*.js") if path.name != "theme.js"
    )


def import_map() -> str:
    """From the names that modules import each other by to the names with the content's hash.

    So every module may be cached for good, and a page never mixes two releases.
    """
    plain = {name: settings.STATIC_URL + name for name in module_names()}
    return json.dumps({"imports": {url: static(name) for name, url in plain.items()}})


def _digest(inline: str) -> str:
    """The policy's word for one inline block: the import map is the only one that is no data."""
    return f"sha256-{base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()}"


def card_templates(queue: ReviewQueue) -> list[dict[str, str]]:
    """The card of each subject type that the queue may hold; a queue without a model holds all."""
    shown = [queue] if queue.model else [each for each in queues().values() if each.model]
    return [
        {"type": each.model.subject_type(), "template": each.card_template}
        for each in shown
        if each.model is not None
    ]


def page_config(request: HttpRequest, queue: ReviewQueue, user: User) -> dict[str, Any]:
    """What the scripts need to start: see config.js."""
    subject = reverse("console:subject", args=["type", "00000000-0000-0000-0000-000000000000"])
    return {
        "user": {"id": user.pk, "blur": user.blur, "greyscale": user.greyscale},
        "queue": {"slug": queue.slug, "title": str(queue.title)},
        "reasons": _reasons(),
        "lead": user.has_perm(LEAD),
        "api": reverse("moderation_api:queues").removesuffix("queues/"),
        "shift": reverse("console:shift"),
        "subjects": subject.partition("type/")[0],
        "login": reverse("admin:login"),
        "locale": get_language() or settings.LANGUAGE_CODE,
        # As on every other page: the chosen one, else the server's.
        "timeZone": timezone.get_current_timezone_name(),
        "claimSeconds": settings.CLAIM_SECONDS,
        "undoMinutes": settings.UNDO_MINUTES,
        "csrf": get_token(request),
        "csrfCookie": settings.CSRF_COOKIE_NAME,
        "words": words(),
    }


def _reasons() -> list[dict[str, Any]]:
    return [
        {
            "slug": reason.slug,
            "label": reason.label,
            "guide": reason.guide,
            "severity": reason.severity,
            "digit": reason.digit,
        }
        for reason in Reason.objects.filter(active=True).order_by("digit", "slug")
    ]
