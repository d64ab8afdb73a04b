"""The compiled word list: thousands of terms in one pass, patterns without backtracking."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import ahocorasick_rs

from moderation.enums import TermKind
from moderation.words.folding import folded, is_chinese, squeezed, with_marks
from moderation.words.patterns import compiled, prefilter

# A text full of one term says nothing new after so many of its hits.
MAX_HITS = 50
# Shorter words are not looked for with gaps between their letters: "plan a b" is not "ab".
MIN_SPACED = 3
# A word in three pieces or more is hidden where they have no more letters than this on average…
MAX_SCRAP = 3
# …unless each of them is a word that stands between others: “to get her” is not “together”.
_LITTLE_WORDS = {
    "a", "am", "an", "and", "are", "as", "at", "be", "but", "by", "can", "do", "for", "get", "go",
    "had", "has", "he", "her", "him", "his", "i", "if", "in", "is", "it", "let", "me", "my", "no",
    "not", "of", "off", "on", "or", "our", "out", "she", "so", "the", "to", "up", "us", "was", "we",
    "who", "you",
}  # fmt: skip
# Between Chinese characters these end a clause: what stands on both sides is not one word.
_CLAUSE_ENDS = frozenset(".。!?;,、:…\n")


@dataclass(frozen=True, slots=True)
class Entry:
    """One active term of the list."""

    text: str
    kind: str
    severity: str
    action: str
    reason: str


@dataclass(frozen=True, slots=True)
class Hit:
    """`start` and `end` are offsets of the original text; `term` is the entry's own spelling."""

    term: str
    start: int
    end: int
    severity: str
    action: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Word:
    """A term without its gaps; `breaks`: after how many of its letters it has a gap of its own."""

    entry: Entry
    letters: str
    breaks: frozenset[int]


class Matcher:
    """Finds the entries in texts. Immutable once made, and shared by all threads."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        words = (_word(each) for each in entries if each.kind == TermKind.WORD)
        self._words = [word for word in words if word.letters]
        self._automaton = ahocorasick_rs.AhoCorasick(
            [word.letters for word in self._words], store_patterns=False
        )
        patterns = [each for each in entries if each.kind == TermKind.PATTERN]
        self._patterns = [(each, compiled(each.text)) for each in patterns]
        self._any_pattern = prefilter([each.text for each in patterns])

    def find(self, text: str) -> list[Hit]:
        """By place, each entry at most MAX_HITS times."""
        as_read = folded(text)
        counts: dict[Entry, int] = {}
        hits = []
        for entry, start, end in self._found(as_read.text):
            counts[entry] = counts.get(entry, 0) + 1
            if counts[entry] <= MAX_HITS:
                first, last = as_read.span(start, end)
                hits.append(_hit(entry, first, with_marks(text, last)))
        return sorted(hits, key=lambda hit: (hit.start, hit.end, hit.term))

    def _found(self, text: str) -> Iterator[tuple[Entry, int, int]]:
        yield from self._find_words(text)
        if self._any_pattern is None or self._any_pattern.search(text):
            for entry, pattern in self._patterns:
                yield from _find_pattern(entry, pattern, text)

    def _find_words(self, text: str) -> Iterator[tuple[Entry, int, int]]:
        if not self._words:
            return
        letters, places = squeezed(text)
        for index, start, end in self._automaton.find_matches_as_indexes(letters, overlapping=True):
            word = self._words[index]
            at = places[start:end] if places else list(range(start, end))
            if _stands_alone(text, at) and _is_one_word(text, at, word):
                yield word.entry, at[0], at[-1] + 1


def _word(entry: Entry) -> _Word:
    text = folded(entry.text).text
    letters, places = squeezed(text)
    gaps = (i for i in range(1, len(letters)) if places and places[i] != places[i - 1] + 1)
    return _Word(entry, letters, frozenset(gaps))


def _hit(entry: Entry, start: int, end: int) -> Hit:
    return Hit(entry.text, start, end, entry.severity, entry.action, entry.reason)


def _find_pattern(entry: Entry, pattern: Any, text: str) -> Iterator[tuple[Entry, int, int]]:
    # What is meant is the first group, where a pattern needs its surroundings to decide.
    group = 1 if pattern.groups else 0
    for match in pattern.finditer(text):
        start, end = match.span(group)
        if start < end:
            yield entry, start, end


def _stands_alone(text: str, at: Sequence[int]) -> bool:
    """Letters of alphabets end at word boundaries; Chinese matches anywhere."""
    before, after = at[0] - 1, at[-1] + 1
    return not (before >= 0 and _continues(text[before], text[at[0]])) and not (
        after < len(text) and _continues(text[after], text[at[-1]])
    )


def _continues(outside: str, inside: str) -> bool:
    return outside.isalnum() and not is_chinese(outside) and not is_chinese(inside)


def _is_one_word(text: str, at: Sequence[int], word: _Word) -> bool:
    """Whether the gaps between its letters are the term's own, or somebody's to hide it.

    “b o m b”, “b.o.m.b”, “bo-mb”, “b o mb” and “un der age” are; “the pen is red” hides nothing.
    """
    cuts = [i for i in range(1, len(at)) if at[i] != at[i - 1] + 1]
    strange = [i for i in cuts if i not in word.breaks]
    if not strange:
        return True
    if len(at) < MIN_SPACED:
        return _gaps(text, at, strange).isdisjoint(_CLAUSE_ENDS) and is_chinese(text[at[0]])
    edges = [0, *cuts, len(at)]
    single = sum(after - before == 1 for before, after in pairwise(edges))
    if single == len(at):
        return True
    between = _gaps(text, at, strange)
    if is_chinese(text[at[0]]):
        return between.isdisjoint(_CLAUSE_ENDS)
    if single >= 2 or not any(char.isspace() for char in between):
        return True
    return _is_in_scraps(text, [at[before:after] for before, after in pairwise(edges)])


def _is_in_scraps(text: str, pieces: Sequence[Sequence[int]]) -> bool:
    """Whether a word is cut into so many pieces that no ordinary words could stand like that."""
    letters = sum(len(piece) for piece in pieces)
    if len(pieces) < 3 or letters > MAX_SCRAP * len(pieces):
        return False
    return any(text[piece[0] : piece[-1] + 1] not in _LITTLE_WORDS for piece in pieces)


def _gaps(text: str, at: Sequence[int], cuts: Sequence[int]) -> set[str]:
    """The characters that stand in these gaps."""
    return {char for i in cuts for char in text[at[i - 1] + 1 : at[i]]}
