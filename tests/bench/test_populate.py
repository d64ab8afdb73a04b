"""`manage.py populate`: rows that agree with each other, as many as asked for."""

import pytest
from django.core.management import CommandError, call_command

from characters.models import Character, CharacterText
from core.keyset import read_page
from gallery.models import ImageDetail, ImageLog
from media.models import Attachment
from moderation import search
from moderation.consistency import inspect
from moderation.counts import open_count, status_totals
from moderation.models import Case
from tests.factories import make_person

pytestmark = pytest.mark.django_db


def test_exactly_as_many_pictures_and_pending_ones_as_asked_for():
    call_command("populate", images=1_000, pending=37, characters=5)
    assert ImageLog.objects.count() == ImageDetail.objects.count() == 1_000
    assert ImageLog.objects.pending().count() == Case.objects.count() == 37
    assert open_count("images") == 37
    assert status_totals("gallery.imagelog")["pending"] == 37
    assert Attachment.objects.filter(subject_type="gallery.imagelog").count() == 1_000


def test_one_picture_in_ten_is_pending_unless_told_otherwise():
    call_command("populate", images=200)
    assert Case.objects.count() == 20


def test_nothing_is_found_amiss_afterwards():
    call_command("populate", images=300, pending=50, characters=3)
    assert not inspect()


def test_a_second_run_adds_pictures_and_keeps_the_characters():
    for _ in range(2):
        call_command("populate", images=50, characters=4)
    assert ImageLog.objects.count() == 100
    assert Character.objects.count() == CharacterText.objects.count() == 4


def test_keys_follow_time_so_that_the_newest_page_holds_the_newest_pictures():
    call_command("populate", images=120)
    page = read_page(ImageLog.objects.all(), {}, size=10).rows
    newest = list(ImageLog.objects.order_by("-created_at")[:10])
    assert {row.pk for row in page} == {row.pk for row in newest}
    assert all(row.pk.version == 7 for row in page)


def test_pictures_belong_to_characters_that_were_made_with_them():
    call_command("populate", images=60, characters=6)
    asked_for = set(ImageLog.objects.values_list("character_id", flat=True))
    assert asked_for <= set(Character.objects.values_list("upstream_id", flat=True))


def test_a_populated_case_can_be_claimed():
    from moderation import cases

    call_command("populate", images=30, pending=30)
    person = make_person(role="moderator")
    assert len(cases.claim(user=person, queue="images", limit=20)) == 20


@pytest.mark.parametrize(("text", "number"), [("lighthouse", 2), ("灯塔", 2), ("白鹭", 105)])
def test_prompts_are_searched_in_both_languages(text, number):
    call_command("populate", images=10_000)
    wanted = search.Wanted(text=text)
    viewer = make_person(role="viewer")
    assert len(search.find(wanted, viewer=viewer, limit=500).subjects) == number


@pytest.mark.parametrize("given", [{"images": 5, "pending": 6}, {}], ids=["too many", "nothing"])
def test_what_cannot_be_is_refused(given):
    with pytest.raises(CommandError):
        call_command("populate", **given)
    assert not ImageLog.objects.exists()
