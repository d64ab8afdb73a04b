"""Regular patterns of the word list, by RE2: time grows with the text's length, whatever the
pattern.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import re2
from django.utils.translation import gettext as _

from moderation.errors import BadTerm
from moderation.words.folding import fold

MAX_LENGTH = 500
# What one pattern may take when compiled; all of them together may take more.
MAX_MEMORY = 1 << 20
MAX_TOGETHER = 64 << 20


def check_pattern(text: str) -> None:
    """Raises BadTerm with what is wrong, in words for a lead."""
    if len(text) > MAX_LENGTH:
        raise BadTerm(_("A pattern has at most %(most)s characters.") % {"most": MAX_LENGTH})
    try:
        pattern = _compile(text, MAX_MEMORY)
    except re2.error as error:
        raise BadTerm(_explain(error)) from None
    if pattern.groupindex:
        raise BadTerm(_("Groups cannot have names."))
    if pattern.search(""):
        raise BadTerm(_("This pattern matches the empty text, so it would match everything."))


def _explain(error: Exception) -> str:
    said = error.args[0] if error.args else ""
    detail = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
    return _(
        "This pattern is refused (%(detail)s). Look-around and back-references do not exist here,"
        " and large repetitions are refused."
    ) % {"detail": detail}


@lru_cache(maxsize=4_096)
def compiled(text: str) -> Any:
    """Ready to search folded texts. Raises re2.error for what check_pattern() refuses."""
    return _compile(text, MAX_MEMORY)


def prefilter(texts: Sequence[str]) -> Any:
    """One pattern that matches wherever any of them does; None where they are too many for one."""
    try:
        return _compile("|".join(f"(?:{text})" for text in texts), MAX_TOGETHER)
    except re2.error:
        return None


def _compile(text: str, memory: int) -> Any:
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = memory
    return re2.compile(_folded(text), options)


def _folded(pattern: str) -> str:
    """Its characters beyond ASCII as the texts have them; a wide bracket stays a plain bracket."""
    return "".join(char if char.isascii() else _literal(fold[char]) for char in pattern)


def _literal(char: str) -> str:
    return str(re2.escape(char)) if char.isascii() else char
