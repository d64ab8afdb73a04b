"""What changed between two versions of a text, word by word, as a person reads it."""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

# A Chinese or Japanese sign is a word of its own; elsewhere a word keeps the space behind it.
_SIGN = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_SIGN}]|[^\W{_SIGN}]+\s*|\s+|[^\w\s]\s*")
# Longer texts are shown as a whole before and after: comparing them takes the square of their
# length.
MOST_WORDS = 3_000
# So much of a passage that stayed the same stands around a change, in characters.
AROUND = 60

Piece = tuple[str, str]


def changed_words(before: str, after: str) -> list[Piece]:
    """("same", "gone" or "new", text) in reading order; long passages in common are shortened."""
    old, new = _WORD.findall(before), _WORD.findall(after)
    if max(len(old), len(new)) > MOST_WORDS:
        return [(kind, text) for kind, text in (("gone", before), ("new", after)) if text]
    pieces = list(_pieces(old, new))
    last = len(pieces) - 1
    return [
        (kind, _shortened(text, first=place == 0, last=place == last) if kind == "same" else text)
        for place, (kind, text) in enumerate(pieces)
    ]


def _pieces(old: Sequence[str], new: Sequence[str]) -> Iterator[Piece]:
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            yield "same", "".join(new[c:d])
            continue
        if a < b:
            yield "gone", "".join(old[a:b])
        if c < d:
            yield "new", "".join(new[c:d])


def _shortened(text: str, *, first: bool, last: bool) -> str:
    head = "" if first else text[:AROUND]
    tail = "" if last else text[-AROUND:]
    return text if len(text) <= 2 * AROUND + 20 else f"{head}…{tail}"
