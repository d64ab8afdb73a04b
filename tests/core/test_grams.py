"""Names found by any part of them through an index: just what comparing every row finds."""

import pytest
from django.db import connection
from django.db.models import Q
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from characters.models import Character
from core import grams
from core.grams import named
from tests.factories import make_character

pytestmark = pytest.mark.django_db

NAMES = [
    "白洲梓", "白洲", "梓白洲", "白", "Ann", "ANN", "anna", "Mira of the North", "north",
    "noRTH 北", "100%",
    "1_0", r"back\slash", "'; --", "Straße", "STRASSE", "İstanbul", "ﬁne", "ﬀ", "Ωmega",
    "ωΣς", "é", "e\u0301", "😀 smile", "👩\u200d👧", "a", " ", "  two  spaces ", "x" * 100,
    "ab" * 50, "日本語テキスト",
]  # fmt: skip


@pytest.fixture
def rows(db):
    """Every example of a search reads the same rows."""
    made = [make_character(name=name).pk for name in NAMES]
    return Character.objects.filter(pk__in=made)


def both(rows, words):
    """By the index and by comparing."""
    by_index = rows.filter(named(Character.objects.all(), "name", words), name__icontains=words)
    compared = rows.filter(name__icontains=words)
    return [set(found.values_list("name", flat=True)) for found in (by_index, compared)]


parts = st.sampled_from(NAMES).flatmap(
    lambda name: st.tuples(st.integers(0, len(name)), st.integers(0, len(name))).map(
        lambda ends: name[min(ends) : max(ends)] or name
    )
)


@given(words=st.one_of(parts, parts.map(str.upper), parts.map(str.lower), st.text(min_size=1)))
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_index_finds_what_comparing_finds(rows, words):
    if not set(words) & {"\0", *map(chr, range(0xD800, 0xE000))}:
        by_index, compared = both(rows, words)
        assert by_index == compared


@pytest.mark.parametrize(
    "words", ["", "白", "白洲", "o", "NORTH", "%", "_", "\\", "x" * 64, "x" * 99]
)
@pytest.mark.parametrize("few", [0, 1, 10_000])
def test_however_many_hold_the_words(rows, words, few, monkeypatch):
    monkeypatch.setattr(grams, "FEW", few)
    by_index, compared = both(rows, words)
    assert by_index == compared
    assert compared


def test_only_a_few_are_named_one_by_one(rows, monkeypatch):
    assert named(rows, "name", "白洲梓") != Q()
    monkeypatch.setattr(grams, "FEW", 2)
    assert named(rows, "name", "白") == Q()


def test_a_short_chinese_word_is_looked_up_in_the_index(rows, django_assert_num_queries):
    with connection.cursor() as cursor:
        # With so few rows the planner would read them all.
        cursor.execute("SET LOCAL enable_seqscan = off")
        with django_assert_num_queries(1) as asked:
            named(Character.objects.all(), "name", "白")
        cursor.execute(f"EXPLAIN {asked.captured_queries[0]['sql']}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "character_name_grams" in plan
