"""Reasons as the console's pages name them: in words, with the slug that the log keeps beside."""

from django.utils.html import format_html
from django.utils.safestring import SafeString

from moderation.console.freshness import kept_for
from moderation.models import Reason


@kept_for(60)
def reasons_by_slug() -> dict[str, Reason]:
    """Also those no longer in force: the log still names them."""
    return {reason.slug: reason for reason in Reason.objects.all()}


def reason_words(slug: str, version: int | None = None) -> SafeString | str:
    """A reason's label and version; the slug on hover. A word that is no reason stays as it is."""
    if not slug:
        return "–"
    known = reasons_by_slug().get(slug)
    words = (known.label if known else slug) + (f" v{version}" if version else "")
    return format_html('<span title="{}">{}</span>', slug, words)
