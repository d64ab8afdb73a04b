"""Texts as the word list reads them: without width, case, accents and invisible characters.

Every folded text knows where each of its characters stood, so that a hit can be marked in the
original.
"""

import unicodedata
from dataclasses import dataclass

# Letters that show nothing: fillers of Hangul and the Braille blank.
_BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800")
# Marks on letters.
_MARKS = frozenset({"Mn", "Me"})
# They, invisible formatting (zero width, direction, soft hyphen), lone surrogates.
_DROPPED = _MARKS | {"Cf", "Cs"}


class _Folds(dict[str, str]):
    """One character's fold, worked out when it is first met."""

    def __missing__(self, char: str) -> str:
        wide = unicodedata.normalize("NFKD", char).casefold()
        kept = (
            each
            for each in unicodedata.normalize("NFKD", wide)
            if each not in _BLANK and unicodedata.category(each) not in _DROPPED
        )
        folded = self[char] = unicodedata.normalize("NFKC", "".join(kept))
        return folded


fold = _Folds()


@dataclass(frozen=True, slots=True)
class Folded:
    """`starts[i]`: where in the original the folded character i stood; None where all are in
    place.
    """

    text: str
    starts: list[int] | None = None

    def span(self, start: int, end: int) -> tuple[int, int]:
        """A span of the folded text in the original, invisible characters inside included."""
        if self.starts is None:
            return start, end
        return self.starts[start], self.starts[end - 1] + 1


def folded(text: str) -> Folded:
    if text.isascii():
        return Folded(text.lower())
    parts = [fold[char] for char in text]
    if all(len(part) == 1 for part in parts):
        return Folded("".join(parts))
    starts = [at for at, part in enumerate(parts) for _ in part]
    return Folded("".join(parts), starts)


def with_marks(text: str, end: int) -> int:
    """The end of a span with the accents of its last letter, where they stand by themselves."""
    while end < len(text) and unicodedata.category(text[end]) in _MARKS:
        end += 1
    return end


def squeezed(text: str) -> tuple[str, list[int] | None]:
    """Letters and digits alone, with the place of each in `text` (None: nothing was left out)."""
    if text.isalnum():
        return text, None
    places = [at for at, char in enumerate(text) if char.isalnum()]
    return "".join([text[at] for at in places]), places


def is_chinese(char: str) -> bool:
    """Scripts without spaces between words: Han, kana."""
    return "\u3040" <= char <= "\u30ff" or "\u3400" <= char <= "\u9fff" or char >= "\U00020000"
