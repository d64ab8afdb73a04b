"""Tags of the review page's templates."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def icon(name: str) -> SafeString:
    """A picture of icons.html; decoration, so the words stand beside it or in a label."""
    return format_html(
        '<svg class="icon" data-icon="{}" aria-hidden="true"><use href="#icon-{}"></use></svg>',
        name,
        name,
    )


@register.simple_tag
def short_language(language: str) -> str:
    """The short name of a language on its switch."""
    return {"zh-hans": "中文"}.get(language, language[:2].upper())
