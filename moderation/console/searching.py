"""/admin/search/: subjects of all types by words, ids and pasted addresses."""

import uuid
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from core.keyset import AFTER, decode, encode
from moderation import search
from moderation.admin_base import subject_url, thumbnail
from moderation.console.access import console_page, page_context, person
from moderation.console.pictures import console_pictures
from moderation.enums import ReviewStatus
from moderation.errors import SearchTooBroad
from moderation.models import SearchEntry
from moderation.registry import ReviewQueue, queues

SHOWN = 30
# Letters of a text around what was found in it.
BEFORE, SNIPPET = 40, 180


@console_page()
def search_page(request: HttpRequest) -> HttpResponse:
    given = request.GET
    text, status = given.get("q", "").strip(), given.get("status", "")
    chosen = next((q for q in _searched() if q.subject_type == given.get("type")), None)
    context: dict[str, Any] = {
        "title": _("Search"), "q": text, "types": _searched(), "chosen": chosen,
        "status": status if status in ReviewStatus.values else "",
        "statuses": ReviewStatus.choices, "is_first": AFTER not in given,
    }  # fmt: skip
    if text:
        wanted = search.Wanted(text=text, queue=chosen, status=context["status"])
        context |= _results(request, wanted)
    return render(request, "moderation/search.html", page_context(request, **context))


def _searched() -> list[ReviewQueue]:
    return [queue for queue in queues().values() if queue.model is not None]


def _results(request: HttpRequest, wanted: search.Wanted) -> dict[str, Any]:
    try:
        found = search.find(
            wanted,
            viewer=person(request),
            after=decode(SearchEntry, request.GET.get(AFTER, "")),
            limit=SHOWN,
        )
    except SearchTooBroad as error:
        return {"error": str(error)}
    subjects = search.loaded(found.subjects)
    pictures = _pictures(request, subjects)
    rows = [
        {
            "subject": subject,
            "queue": queue,
            "url": subject_url(subject),
            "thumbnail": thumbnail(pictures.get(subject.pk), href=subject_url(subject)),
            "title": queue.title_of(subject),
            "text": _snippet(_shown_text(queue, subject), wanted.text),
        }
        for queue, subject in subjects
    ]
    kept = {k: v for k, v in request.GET.items() if k != AFTER}
    older = f"?{urlencode(kept | {AFTER: encode(found.after)})}" if found.after else ""
    return {"rows": rows, "older": older, "first": f"?{urlencode(kept)}"}


def _shown_text(queue: ReviewQueue, subject: Any) -> str:
    purged = subject.review_status == ReviewStatus.PURGED
    return "" if purged else queue.text_of(subject)


def _pictures(
    request: HttpRequest, subjects: list[tuple[ReviewQueue, Any]]
) -> dict[uuid.UUID, Any]:
    """Held pictures stand in no list; purged ones are shown nowhere."""
    roles: dict[str, list[uuid.UUID]] = {}
    for queue, subject in subjects:
        if not subject.held and subject.review_status != ReviewStatus.PURGED:
            roles.setdefault(queue.picture_role, []).append(subject.pk)
    user_id = person(request).pk
    found: dict[uuid.UUID, Any] = {}
    for role, ids in roles.items():
        found |= console_pictures(subject_ids=ids, role=role, user_id=user_id)
    return found


def _snippet(text: str, asked: str) -> SafeString:
    """The place in a text where the first word that was asked for stands, marked."""
    text = " ".join(text.split())
    word = next(iter(asked.replace('"', " ").split()), "")
    at = text.lower().find(word.lower()) if word else -1
    if at < 0:
        return format_html("{}{}", text[:SNIPPET], "…" if len(text) > SNIPPET else "")
    start = max(0, at - BEFORE)
    end = at + len(word)
    stop = max(end, start + SNIPPET)
    return format_html(
        "{}{}<mark>{}</mark>{}{}",
        "…" if start else "", text[start:at], text[at:end], text[end:stop],
        "…" if stop < len(text) else "",
    )  # fmt: skip
