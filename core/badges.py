"""States as a coloured icon with its word: colour never stands alone."""

from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString


def badge(word: Any, *, tone: str, icon: str) -> SafeString:
    return format_html(
        '<span class="gh-badge gh-{}">'
        '<span class="material-symbols-outlined" aria-hidden="true">{}</span>{}</span>',
        tone, icon, word,
    )  # fmt: skip


def choice_badge(choices: Any, table: dict[str, tuple[str, str]], value: str) -> SafeString:
    tone, icon = table.get(value, ("purged", "help"))
    return badge(dict(choices).get(value, value), tone=tone, icon=icon)
