"""Texts and questions in the form in which they are compared: normalised, and cut into terms."""

import re
import unicodedata
from dataclasses import dataclass

# Longer texts are searched by their beginning.
MAX_TEXT = 20_000
MAX_TERM = 64
MAX_QUESTION = 1_000

# Scripts written without spaces (Han with its extensions, kana, Hangul): pairs of neighbours.
_UNSPACED = (
    "\u3005-\u3007\u3041-\u3096\u30a1-\u30fa\u30fc\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3"
    "\uf900-\ufaff\U00020000-\U000323af"
)
_RUNS = re.compile(rf"(?P<unspaced>[{_UNSPACED}]+)|[^\W_{_UNSPACED}]+")
_PARTS = re.compile(r'"([^"]+)"|(\S+)')


@dataclass(frozen=True, slots=True)
class Question:
    """What to look for: `terms` as a tsquery ("": nothing to look for), and `parts` of the text
    that the terms alone do not prove.
    """

    terms: str
    parts: tuple[str, ...] = ()


def normalised(text: str) -> str:
    """One width, one case, single spaces, nothing invisible."""
    text = unicodedata.normalize("NFKC", text[:MAX_TEXT]).casefold()
    if not text.isascii():
        text = "".join(char for char in text if unicodedata.category(char) != "Cf")
    return " ".join(text.replace("\0", " ").split())


def terms_of(text: str) -> set[str]:
    """The terms of a normalised text: words, pairs of Chinese characters, and the last of a run."""
    found: set[str] = set()
    for run in _RUNS.finditer(text):
        word = run[0]
        if run["unspaced"]:
            found.update(word[at : at + 2] for at in range(len(word)))
        else:
            found.add(word[:MAX_TERM])
    return found


def read_question(asked: str) -> Question:
    """Words that must all occur: Latin ones by their beginning, Chinese anywhere; "…" as it is."""
    terms: dict[str, None] = {}
    parts: list[str] = []
    for quoted, single in _PARTS.findall(normalised(asked[:MAX_QUESTION])):
        part = quoted or single
        lexemes = _lexemes(part, exact=bool(quoted))
        terms |= dict.fromkeys(lexemes)
        # One term that is all of the part proves it.
        if quoted or len(lexemes) != 1 or lexemes[0].rstrip(":*").strip("'") != part:
            parts.append(part)
    return Question(" & ".join(terms), tuple(parts))


def _lexemes(part: str, *, exact: bool) -> list[str]:
    found: list[str] = []
    runs = list(_RUNS.finditer(part))
    for run in runs:
        word, is_last = run[0], run is runs[-1]
        if not run["unspaced"]:
            found.append(f"'{word[:MAX_TERM]}'" + (":*" if is_last and not exact else ""))
        elif len(word) == 1:
            found.append(f"'{word}':*")
        else:
            found += [f"'{word[at : at + 2]}'" for at in range(len(word) - 1)]
    return found
