"""Words of the list in what is reviewed: marked in the console, and their cases come sooner."""

import uuid

import pytest

from gallery.queues import ImageQueue
from moderation import outbox
from moderation.api.presenting import present_subjects
from moderation.enums import Priority, Why
from moderation.flagging import flagged_words, read_soon
from moderation.models import Case, OutboxEvent
from moderation.registry import queue_for
from tests.factories import case_of, make_asset, make_character, make_image, make_person
from tests.moderation.test_words import add

pytestmark = pytest.mark.django_db


def read(*subjects) -> None:
    for subject in subjects:
        read_soon(subject_type=subject.subject_type(), subject_ids=[subject.pk])
    outbox.deliver()
    assert not OutboxEvent.objects.filter(delivered_at=None).exists()


def test_a_hit_raises_the_case_by_severity_and_says_why():
    add("zeppelin", severity="high")
    flagged, clean = make_image(prompt="a z e p p e l i n"), make_image(prompt="a boat")
    read(flagged, clean)
    case = case_of(flagged)
    assert (case.priority, case.why) == (Priority.HIGH, [Why.FIRST_LOOK, Why.FLAGGED_TEXT])
    assert case_of(clean).why == [Why.FIRST_LOOK]


def test_a_term_that_only_marks_moves_nothing():
    add("zeppelin", severity="critical", action="mark")
    image = make_image(prompt="a zeppelin")
    read(image)
    assert case_of(image).why == [Why.FIRST_LOOK]
    assert flagged_words(ImageQueue(), ImageQueue().load([image.pk])) == {image.pk: ["zeppelin"]}


def test_an_approved_text_with_a_hit_gets_a_second_look():
    image = make_image(prompt="aged 15", review_status="approved")
    read(image)
    case = case_of(image)
    assert (case.kind, case.priority) == ("second_look", Priority.TOP)


@pytest.mark.parametrize("status", ["rejected", "purged"])
def test_what_nobody_sees_any_more_gets_no_case(status):
    image = make_image(prompt="aged 15", review_status=status)
    read(image)
    assert not Case.objects.filter(subject_id=image.pk).exists()


def test_what_is_not_complete_yet_waits_for_its_case():
    asset = make_asset(name="aged 15", status="Processing", case=False)
    read(asset)
    assert not Case.objects.filter(subject_id=asset.pk).exists()


@pytest.mark.parametrize("field", ["name", "bio", "origin_prompt"])
def test_all_texts_of_a_character_are_read(field):
    character = make_character(**{field: "ｕｎｄｅｒａｇｅ sailor"})
    read(character)
    assert Why.FLAGGED_TEXT in case_of(character).why
    queue = queue_for("characters.character")
    shown = present_subjects(
        queue, queue.load([character.pk]), user=make_person(role="moderator"), purpose="claim"
    )
    assert shown[character.pk]["context"]["flagged"] == ["ｕｎｄｅｒａｇｅ"]


def test_reading_twice_changes_nothing_and_what_is_gone_is_passed_over():
    image = make_image(prompt="aged 15")
    read(image, image)
    assert case_of(image).why == [Why.FIRST_LOOK, Why.FLAGGED_TEXT]
    read_soon(subject_type="gallery.imagelog", subject_ids=[uuid.uuid4()])
    assert outbox.deliver() == 1


def test_nothing_to_read_writes_nothing():
    read_soon(subject_type="gallery.imagelog", subject_ids=[])
    assert not OutboxEvent.objects.exists()


def test_marked_words_of_many_cards_take_one_query(django_assert_num_queries):
    images = ImageQueue().load([make_image(prompt=f"aged {n}").pk for n in range(1, 6)])
    flagged_words(ImageQueue(), images)
    with django_assert_num_queries(1):
        assert len(flagged_words(ImageQueue(), images)) == 5
