"""The word list: what is found in spite of disguises, what is not, and how edits come into
force.
"""

import threading

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from moderation.enums import TermKind
from moderation.errors import BadTerm
from moderation.models import Reason, Term, TermVersion
from moderation.terms import save_term
from moderation.words import find_terms, refusal
from moderation.words.matching import MAX_HITS, Entry, Matcher
from tests.factories import make_person

pytestmark = pytest.mark.django_db


def add(text, *, kind="word", severity="medium", action="queue", reason="spam", **fields) -> Term:
    language = "en" if text.isascii() else "zh"
    term = Term(
        text=text, kind=kind, language=language, severity=severity, action=action,
        reason=Reason.objects.get(slug=reason), **fields,
    )  # fmt: skip
    save_term(term=term, by=None)
    return term


def matcher(*texts, kind="word") -> Matcher:
    return Matcher([Entry(text, kind, "medium", "queue", "spam") for text in texts])


def found(texts: Matcher, text: str) -> list[str]:
    return [text[hit.start : hit.end] for hit in texts.find(text)]


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("a bomb here", "bomb"),
        ("A BOMB", "BOMB"),
        ("ｂｏｍｂ", "ｂｏｍｂ"),
        ("ＢｏＭｂ!", "ＢｏＭｂ"),
        ("b\u200bo\u200dm\ufeffb.", "b\u200bo\u200dm\ufeffb"),
        ("bo\u00admb", "bo\u00admb"),
        ("b o m b", "b o m b"),
        ("b  o\tm\nb", "b  o\tm\nb"),
        ("b.o.m.b", "b.o.m.b"),
        ("b-o-m-b", "b-o-m-b"),
        ("b_o_m_b", "b_o_m_b"),
        ("b, o, m, b", "b, o, m, b"),
        ("b o mb", "b o mb"),
        ("bo*mb", "bo*mb"),
        ("bömb", "bömb"),
        ("b̶o̶m̶b̶ ", "b̶o̶m̶b̶"),
        ("𝐛𝐨𝐦𝐛", "𝐛𝐨𝐦𝐛"),
        ("买bomb吗", "bomb"),
        ("ﬁne, a bomb", "bomb"),
    ],
)
def test_a_word_is_found_through_its_disguises_and_marked_as_it_stands(text, marked):
    assert found(matcher("bomb"), text) == [marked]


@pytest.mark.parametrize(
    "text", ["bombing", "abomb", "lab omb", "comb o mbp", "b omber", "bom", "", "bo mb7", "xbomb"]
)
def test_a_word_is_not_found_inside_other_words(text):
    assert not matcher("bomb").find(text)


def test_a_gap_between_common_words_hides_nothing():
    words = matcher("therapist", "aside", "penis", "nowhere", "ab", "together", "manslaughter")
    for text in ("the rapist", "a side", "The pen is red", "now here", "plan a b"):
        assert found(words, text) == []
    for text in ("I went to get her a gift", "a man\u2019s laughter"):
        assert found(words, text) == []


@pytest.mark.parametrize("text", ["un der age", "und er age", "un  de rage", "un. der age"])
def test_a_word_cut_into_scraps_is_found(text):
    assert found(matcher("underage"), f"an {text} person") == [text]


@pytest.mark.parametrize(
    "text", ["不要制作炸弹", "制作 炸 弹", "制\u200b作炸弹", "制.作.炸.弹", "制。作。炸。弹"]
)
def test_chinese_is_found_anywhere_in_a_text(text):
    assert len(matcher("制作炸弹").find(text)) == 1


def test_a_clause_end_keeps_chinese_words_apart():
    words = matcher("炸弹")
    assert found(words, "不要炸。弹琴") == []
    assert found(words, "炸 弹") == ["炸 弹"]


def test_a_phrase_is_found_with_any_gap_between_its_words():
    words = matcher("school uniform")
    assert found(words, "School   uniform") == ["School   uniform"]
    assert found(words, "school-uniform, schooluniform") == ["school-uniform", "schooluniform"]
    assert found(words, "s c h o o l uniform") == ["s c h o o l uniform"]
    assert found(words, "preschool uniform") == []


def test_overlapping_terms_are_all_found_in_order():
    words = matcher("红色", "红色炸弹", "炸弹")
    assert found(words, "红色炸弹") == ["红色", "红色炸弹", "炸弹"]


@pytest.mark.parametrize(
    "text",
    [
        "a girl, 17 years old", "17-year-old", "17yo", "17 y/o", "１７ years old", "age: 16",
        "aged 9", "sixteen years old", "nine-year-old", "十七岁", "一个十岁的", "17岁", "１７ 周岁",
        "一个七岁的孩子", "an underage person", "u n d e r a g e", "未 成 年",
    ],
)  # fmt: skip
def test_ages_under_18_are_refused_from_the_start(text):
    hit = refusal(find_terms([text])[0])
    assert hit is not None
    assert (hit.severity, hit.reason) == ("critical", "minor-safety")


@pytest.mark.parametrize(
    "text",
    [
        "18 years old", "a 25-year-old sailor", "117 years old", "aged 45", "Ages 18-25", "age 170",
        "twenty-one years old", "thirty five years old", "十八岁", "二十七岁", "二十岁",
        "一百零五岁", "25岁", "118岁", "a hundred and two years old", "page 9", "adult",
    ],
)  # fmt: skip
def test_adult_ages_pass(text):
    assert find_terms([text]) == [[]]


def test_a_pattern_marks_its_group_in_the_original_text():
    words = matcher(r"(?:^|x)(c+at)", kind=TermKind.PATTERN)
    text = "Ｘ\u200bＣ\u200bCat"
    assert found(words, text) == ["Ｃ\u200bCat"]


def test_a_pattern_written_in_full_width_matches_half_width():
    assert found(matcher("ｃａｔ（s）", kind=TermKind.PATTERN), "cat(s)") == ["cat(s)"]


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("(", "missing"),
        ("[a", "missing"),
        (r"(a)\1", "back-references"),
        ("(?=a)", "Look-around"),
        ("(?:a{1000}){10}", "repetition"),
        ("(?:(?:[a-z]{0,99}){9}.{0,99}){9}", "refused"),
        ("x*", "empty text"),
        ("", "empty text"),
        ("(?P<name>a)", "names"),
        ("a" * 501, "500"),
    ],
)
def test_a_dangerous_or_broken_pattern_is_refused_in_words(pattern, said):
    with pytest.raises(BadTerm, match=said):
        add(pattern, kind="pattern")
    assert not Term.objects.filter(text=pattern).exists()


def test_a_word_without_letters_is_refused():
    with pytest.raises(BadTerm, match="letter"):
        add("…!")


def test_what_backtracks_elsewhere_is_linear_here():
    words = matcher("(a+)+$", "(?:a|aa)+c", "(.*)*b$", kind=TermKind.PATTERN)
    text = "a" * 20_000 + "!"
    assert not words.find(text)  # a backtracking engine would still be at it when the world ends


def test_thousands_of_terms_are_found_at_once():
    words = matcher(*(f"term{number}x" for number in range(5_000)))
    many = matcher(*(f"te+rm{number}x" for number in range(2_000)), kind=TermKind.PATTERN)
    text = "ordinary words about the sea " * 700
    assert [hit.term for hit in words.find(text + "term4999x")] == ["term4999x"]
    assert not many.find(text)
    assert [hit.term for hit in many.find(text + "teeerm7x")] == ["te+rm7x"]


def test_many_hits_of_one_term_are_cut_off_but_no_other_term_is_lost():
    words = matcher("spam", "bomb")
    hits = words.find("spam " * 1_000 + "bomb")
    assert sum(hit.term == "spam" for hit in hits) == MAX_HITS
    assert hits[-1].term == "bomb"


@given(st.text(max_size=200), st.sampled_from(["bomb", "炸弹", "é", "ﬁ", "ß"]))
@settings(max_examples=200, deadline=None)
def test_offsets_stay_inside_any_text(text, term):
    words = matcher(term, "[a-z]{3}", "一")
    for hit in words.find(f"{text} {term} {text}\ud800"):
        assert 0 <= hit.start < hit.end <= 2 * len(text) + len(term) + 3
    assert any(hit.term == term for hit in words.find(f"{text} {term} {text}"))


def test_the_gravest_refusing_hit_refuses():
    add("alpha", severity="low", action="refuse")
    add("beta", severity="high", action="refuse", reason="violence")
    add("gamma", severity="critical", action="queue")
    hits = find_terms(["alpha beta gamma", "gamma", ""])
    worst = refusal(hits[0])
    assert worst is not None
    assert (worst.term, worst.reason, worst.start, worst.end) == ("beta", "violence", 6, 10)
    assert refusal(hits[1]) is None
    assert hits[2] == []


def test_one_query_reads_however_many_texts(django_assert_num_queries):
    find_terms(["warm"])
    with django_assert_num_queries(1):
        find_terms(["a", "b", "c"] * 50)
    with django_assert_num_queries(0):
        find_terms(["", ""])


def test_an_edit_is_versioned_and_counts_at_once():
    lead = make_person(role="lead")
    term = add("zeppelin")
    assert find_terms(["a zeppelin"])[0]
    term.active = False
    save_term(term=term, by=lead)
    assert find_terms(["a zeppelin"]) == [[]]
    versions = list(TermVersion.objects.filter(term=term).order_by("version"))
    assert [version.version for version in versions] == [1, 2]
    assert versions[1].created_by == lead.pk
    assert (versions[0].content["active"], versions[1].content["active"]) == (True, False)


def test_saving_a_term_unchanged_makes_no_version():
    term = add("zeppelin")
    save_term(term=Term.objects.get(pk=term.pk), by=None)
    assert TermVersion.objects.filter(term=term).count() == 1


def test_versions_of_terms_cannot_be_changed():
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        TermVersion.objects.update(version=9)


@pytest.mark.django_db(transaction=True)
def test_edits_of_two_people_come_into_force_in_order():
    started, release = threading.Event(), threading.Event()

    def first() -> None:
        with transaction.atomic():
            add("zeppelin")
            started.set()
            release.wait(10)
        connection.close()

    def second() -> None:
        add("dirigible")
        connection.close()

    threads = [threading.Thread(target=first), threading.Thread(target=second)]
    threads[0].start()
    started.wait(10)
    threads[1].start()
    assert find_terms(["zeppelin dirigible"]) == [[]]
    release.set()
    for thread in threads:
        thread.join()
    assert [hit.term for hit in find_terms(["zeppelin dirigible"])[0]] == ["zeppelin", "dirigible"]
    newest = TermVersion.objects.order_by("-pk").first()
    assert newest is not None
    assert newest.term.text == "dirigible"
