"""Links and counts under a keyset list."""

from typing import Any
from urllib.parse import urlencode

from django import template
from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.keyset import COUNT_LIMIT, PARAMETERS, Count

register = template.Library()


@register.simple_tag
def page_url(changelist: Any, **parameters: str) -> str:
    """The list's URL with its filters and search kept, at another page."""
    return str(changelist.get_query_string(parameters))


@register.simple_tag
def row_count(count: Count) -> str:
    """“1,234 rows”, “about 1,000,000 rows”, “more than 10,000 rows”."""
    if count.estimated:
        return _("about %(rows)s rows") % {"rows": intcomma(_rounded(count.rows))}
    if count.capped:
        return _("more than %(rows)s rows") % {"rows": intcomma(COUNT_LIMIT)}
    return ngettext("%(rows)s row", "%(rows)s rows", count.rows) % {"rows": intcomma(count.rows)}


def _rounded(rows: int) -> int:
    """Two digits: an estimate should not look exact."""
    scale = 10 ** max(len(str(rows)) - 2, 0)
    return int(round(rows / scale) * scale)


@register.simple_tag(takes_context=True)
def here(context: dict[str, Any], **parameters: str) -> str:
    """This page's URL with its filters, at another page of its list."""
    kept = {k: v for k, v in context["request"].GET.items() if k not in PARAMETERS}
    return f"?{urlencode(kept | parameters)}"
