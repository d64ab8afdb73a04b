"""Changes of a text, word by word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from characters.changes import AROUND, MOST_WORDS, changed_words


@pytest.mark.parametrize(
    ("before", "after", "pieces"),
    [
        ("a calm sailor", "a calm painter",
         [("same", "a calm "), ("gone", "sailor"), ("new", "painter")]),
        ("一位侦探", "一位画家", [("same", "一位"), ("gone", "侦探"), ("new", "画家")]),
        ("", "new", [("new", "new")]),
        ("gone", "", [("gone", "gone")]),
        ("same", "same", [("same", "same")]),
    ],
)  # fmt: skip
def test_words_and_chinese_signs_are_compared_one_by_one(before, after, pieces):
    assert changed_words(before, after) == pieces


def test_long_passages_in_common_are_shortened_to_what_stands_around_a_change():
    text = " ".join(f"word{number}" for number in range(200))
    pieces = changed_words(text, f"{text} and more")
    assert [kind for kind, _ in pieces] == ["same", "gone", "new"] or len(pieces) == 2
    assert pieces[0][1].startswith("…")
    assert len(pieces[0][1]) <= 2 * AROUND + 20


def test_very_long_texts_are_shown_whole():
    before, after = "a " * (MOST_WORDS + 1), "b"
    assert changed_words(before, after) == [("gone", before), ("new", after)]


@given(st.text(max_size=60), st.text(max_size=60))
def test_the_pieces_give_both_texts_back(before, after):
    pieces = changed_words(before, after)
    if not any(kind == "same" and "…" in text for kind, text in pieces):
        assert "".join(text for kind, text in pieces if kind != "new") == before
        assert "".join(text for kind, text in pieces if kind != "gone") == after
