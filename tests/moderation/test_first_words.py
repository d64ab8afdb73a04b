"""The list of a new installation: which ages it finds however they are written, and which texts
say nothing of one.
"""

import pytest

from moderation.first_words import FIRST_WORDS
from moderation.words import find_terms, refusal
from moderation.words.patterns import check_pattern

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "text",
    [
        "under age", "UNDER  AGE", "under-age", "under\u200b age", "ｕｎｄｅｒ ａｇｅ",
        "un der age", "und er age", "u nder ag e", "underaged", "an under aged girl",
        "under age, surely",
        "17歲", "17 週歲", "十七歲", "17歳", "两岁", "兩歲", "girl17岁", "girl１７岁", "她_16岁",
        "未满18岁", "不滿十八歲", "18岁以下",
        "girl17 years old", "17 years of age", "nine years of age",
        "age of 12", "at the age of 12", "The Age Of 9", "age of fifteen", "aged fifteen",
        "Aged Ten", "aged nine.", "aged nine", "at age seven", "by the age of seven", "age: six",
        "ages twelve to thirty", "aged sixteen-year", "age = thirteen",
        "under 18", "under-18", "a girl under 18", "under 18s", "models under 16.",
        "under 18 girls", "under 17 and shy", "under 18 years old", "under the age of 18",
        "below the age of eighteen", "under age of 18", "younger than 18", "under eighteen",
        "(under 16)", "under １８",
    ],
)  # fmt: skip
def test_an_age_is_found_in_whatever_form(text):
    hit = refusal(find_terms([text])[0])
    assert hit is not None
    assert (hit.severity, hit.reason) == ("critical", "minor-safety")


@pytest.mark.parametrize(
    "text",
    [
        "manage", "manage of 12", "page of 12", "page 12", "stage 5", "under 180 cm", "under 18 cm",
        "under 18.5 kg", "under 18,000 people", "under 18 lamps", "in under 15.", "in under 18 s",
        "18% under 180", "under 1800", "under 18°C", "thunder 18.", "under 21", "over 18",
        "aged 25", "aged 18", "aged thirty-five", "aged eighteen", "aged one hundred", "age of 180",
        "aged nine hundred", "aged two-tone leather", "an aged four-poster bed", "age of 18",
        "at the age of 25", "the age of steam", "Age of Three Kingdoms",
        "in an age two kings fought", "aged twelve hundred years", "at the age of 30",
        "engaged fifteen", "5G age of 3D",
        "under age 25", "under age of 30", "under Age of Empires banners", "under age-old oaks",
        "under aged oaks", "under management", "she sat under a gently swaying tree", "wonder ages",
        "18岁", "girl18岁", "118岁", "18歲", "十八歲", "二十七歲", "廿七岁", "几十岁的老人",
        "三四十岁", "年满18岁", "二十岁", "25歲", "一百零五歲", "三千零五岁", "18岁以上",
        "满十八岁",
        "21 years of age", "girl18 years old", "twenty-one years of age", "thirty-six years old",
        "成年", "reuse the sunder agent", "hunder ages",
    ],
)  # fmt: skip
def test_what_says_no_young_age_passes(text):
    assert find_terms([text]) == [[]]


def test_what_is_marked_is_the_age_alone():
    text = "A girl17歲, or under 18, at the age of fifteen"
    assert [text[hit.start : hit.end] for hit in find_terms([text])[0]] == [
        "17歲", "under 18", "fifteen",
    ]  # fmt: skip


def test_a_lead_could_have_written_each_pattern():
    for first in FIRST_WORDS:
        if first.kind == "pattern":
            check_pattern(first.text)
