"""What a sync notes for its run's page: kept in English, as the log and scripts read it, and told
there in the reader's language.
"""

import re

from django.utils.translation import gettext, gettext_noop

VANISHED = gettext_noop("%(number)s records vanished from %(place)s while it was read.")
REPEATED = gettext_noop("%(place)s: %(number)s rows repeat another.")
UNREAD = gettext_noop("%(place)s: upstream says %(total)s, %(number)s could be read.")
NO_CHARACTERS = gettext_noop("There are no characters yet: sync their source first.")
PREVIEWS_ONLY = gettext_noop("The token sees previews only: upstream asks for a membership.")
ALBUM_REFUSED = gettext_noop("The album of %(character)s cannot be read: %(error)s")
LINKS_REFUSED = gettext_noop("No knowledge bases of %(character)s: %(error)s")
PUBLIC_ONLY = gettext_noop("Without a token only public characters are read.")

# As re.escape() writes a value's place.
_VALUE = re.compile(r"%\\\((\w+)\\\)s")
_KNOWN = {
    sentence: re.compile(_VALUE.sub(r"(?P<\1>.*?)", re.escape(sentence)), re.DOTALL)
    for sentence in (
        VANISHED, REPEATED, UNREAD, NO_CHARACTERS, PREVIEWS_ONLY, ALBUM_REFUSED, LINKS_REFUSED,
        PUBLIC_ONLY,
    )
}  # fmt: skip


def in_words(note: str) -> str | None:
    """A note in the active language; None for one that is none of these (an older one, say)."""
    for sentence, pattern in _KNOWN.items():
        if found := pattern.fullmatch(note):
            return gettext(sentence) % found.groupdict()
    return None
