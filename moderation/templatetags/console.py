"""Tags and filters of the console's pages: badges, spans of time, words."""

import json
from collections.abc import Callable
from datetime import datetime
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

from django import template
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.enums import Role
from core.keyset import PARAMETERS
from media.enums import Variant
from moderation.console import badges
from moderation.console.reasons import reason_words
from moderation.enums import ActorKind, ReviewStatus, Seen, Why
from moderation.registry import subject_types
from upstream.badges import run_badge
from upstream.notes import in_words

register = template.Library()

register.filter("status_badge", badges.status_badge)
register.filter("action_badge", badges.action_badge)
register.filter("run_badge", run_badge)
register.filter("job_badge", badges.job_badge)
register.filter("bank_action_badge", badges.bank_action_badge)
register.filter("severity_badge", badges.severity_badge)
register.filter("subject_badges", badges.subject_badges)
register.filter("reason_words", reason_words)


@register.filter
def span(seconds: float | None) -> str:
    """A length of time in its two largest units: “2 h 5 min”."""
    if seconds is None:
        return "–"
    seconds = int(abs(seconds))
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return _("%(days)s d %(hours)s h") % {"days": days, "hours": hours}
    if hours:
        return _("%(hours)s h %(minutes)s min") % {"hours": hours, "minutes": minutes}
    if minutes:
        return _("%(minutes)s min") % {"minutes": minutes}
    return _("%(seconds)s s") % {"seconds": rest}


@register.filter
def percent(share: float | None) -> str:
    """0.125 as “12.5 %”."""
    return "–" if share is None else f"{number_format(100 * share, 1)} %"


@register.filter
def age(moment: datetime | None) -> str:
    return "–" if moment is None else span((timezone.now() - moment).total_seconds())


@register.filter
def moment(value: datetime | None) -> SafeString | str:
    """A time in the reader's zone with its age; machine-readable, exact on hover."""
    if value is None:
        return "–"
    local = timezone.localtime(value)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        value.isoformat(), local.strftime("%Y-%m-%d %H:%M:%S %Z"), local.strftime("%Y-%m-%d %H:%M"),
    )  # fmt: skip


@register.filter
def due(value: datetime | None) -> str:
    """“due in 2 h 5 min” or “overdue by 5 min”."""
    if value is None:
        return ""
    left = (value - timezone.now()).total_seconds()
    text: str = _("due in %(span)s") if left >= 0 else _("overdue by %(span)s")
    return text % {"span": span(left)}


@register.filter
def why(words: list[str]) -> list[str]:
    """A case's causes in the reader's language; a rule's name stays as it is."""
    labels = dict(Why.choices)
    return [str(labels.get(word, word)) for word in words]


@register.filter
def pretty_json(value: Any) -> str:
    """JSON over several lines; text that is JSON is laid out too, other text stays as it is.

    What upstream sent may nest without end or hold half characters: neither breaks the page.
    """
    try:
        parsed = json.loads(value) if isinstance(value, str) else value
        text = json.dumps(parsed, indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        text = str(value)
    return text.encode("utf-8", "backslashreplace").decode()


@register.simple_tag
def marked(text: str, spans: dict[str, list[list[int]]], name: str) -> SafeString:
    """A text with its places in `flagged_spans` ([start, end], in characters) in `<mark>`."""
    edges = [0, *(edge for span in spans.get(name, []) for edge in span), len(text)]
    pieces = enumerate(text[start:end] for start, end in pairwise(edges))
    return format_html_join(
        "",
        "{}",
        ((format_html("<mark>{}</mark>", each) if at % 2 else each,) for at, each in pieces),
    )


@register.filter
def own_path(url: str) -> str:
    """A link of ours without the host: pages load from whatever name they were opened by."""
    return urlsplit(url).path


@register.filter
def words(text: str) -> list[str]:
    return text.split()


@register.filter
def run_note(note: str) -> SafeString:
    """A run's note in the reader's language; one that we do not know is marked as English."""
    told = in_words(note)
    if told is None:
        return format_html('<span lang="en">{}</span>', note)
    return format_html("<span>{}</span>", told)


@register.filter
def is_past(value: datetime | None) -> bool:
    return value is not None and value < timezone.now()


@register.filter
def is_kind(mime: str | None, kind: str) -> bool:
    """Whether a MIME type is of a kind: image, video, audio."""
    return (mime or "").startswith(f"{kind}/")


@register.filter
def fact(value: Any) -> Any:
    """A fact of a queue's context; ISO 8601 times are shown in the reader's zone."""
    if isinstance(value, str) and len(value) > 15 and value[4:5] == "-" and value[10:11] == "T":
        parsed = parse_datetime(value)
        if parsed is not None and timezone.is_aware(parsed):
            return moment(parsed)
    return value


def _words(choices: Any) -> Callable[[str], str]:
    return lambda value: str(dict(choices).get(value, value))


@register.simple_tag(takes_context=True)
def list_tools(context: dict[str, Any], changelist: Any) -> dict[str, str]:
    """Addresses of a list's export and of its bulk decision, where this person has them."""
    request, model_admin = context["request"], changelist.model_admin
    label = model_admin.model._meta.label_lower
    query = changelist.get_query_string(remove=list(PARAMETERS))
    tools = {}
    if request.user.has_perm("accounts.lead") and model_admin.export_columns():
        tools["export"] = reverse("console:export-start", args=[label]) + query
    if request.user.has_perm("accounts.moderate") and label in subject_types():
        tools["bulk"] = reverse("console:bulk", args=[label]) + query
    return tools


register.filter("status_word", _words(ReviewStatus.choices))
register.filter("seen_word", _words(Seen.choices))
# A held subject's page is logged too, also where it has no picture.
register.filter("variant_word", _words([*Variant.choices, ("page", gettext_lazy("Page"))]))
register.filter("actor_word", _words(ActorKind.choices))
register.filter("role_word", _words(Role.choices))
register.filter("action_tone", badges.action_tone)
register.filter("action_icon", badges.action_icon)
