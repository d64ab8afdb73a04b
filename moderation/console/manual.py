"""/admin/manual/: the manuals of docs/, in the reader's language."""

from collections.abc import Iterable
from functools import lru_cache

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from markdown_it import MarkdownIt
from markdown_it.token import Token

from moderation.console.access import console_page, page_context

PAGES = ("moderators", "leads")


@console_page()
def manual_page(request: HttpRequest, page: str = PAGES[0]) -> HttpResponse:
    if page not in PAGES:
        raise Http404
    language = "zh" if (get_language() or "").startswith("zh") else "en"
    context = {
        "title": _("Manual"),
        "text": manual(page, language),
        "page": page,
        "pages": [("moderators", _("For moderators")), ("leads", _("For leads"))],
        "language": "zh-hans" if language == "zh" else "en",
    }
    return render(request, "moderation/manual.html", page_context(request, **context))


@lru_cache(maxsize=8)
def manual(page: str, language: str) -> SafeString:
    """The manual as HTML; markup inside the text stays text."""
    name = f"{page}.zh.md" if language == "zh" else f"{page}.md"
    text = (settings.BASE_DIR / "docs" / name).read_text(encoding="utf-8")
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = parser.parse(text)
    for token in _all(tokens):
        if token.type == "image":
            token.attrs["src"] = _picture(str(token.attrs["src"]))
        elif token.type == "link_open":
            token.attrs["href"] = _link(str(token.attrs["href"]))
    html: str = parser.renderer.render(tokens, parser.options, {})
    return mark_safe(html)  # noqa: S308 (our own file, and its markup is escaped)


def _all(tokens: Iterable[Token]) -> Iterable[Token]:
    for token in tokens:
        yield token
        yield from _all(token.children or [])


def _picture(source: str) -> str:
    return static(f"manual/{source.removeprefix('images/')}")


def _link(target: str) -> str:
    """To the other manuals on their pages here, whatever language they were written for."""
    page = target.partition(".")[0]
    return reverse("console:manual", args=[page]) if page in PAGES else target
