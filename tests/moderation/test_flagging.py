"""Words of the list in what is reviewed: marked in the console, and their cases come sooner."""

import uuid

import pytest

from gallery.queues import ImageQueue
from moderation import outbox
from moderation.api.presenting import present_subjects
from moderation.context import contexts_of
from moderation.enums import Priority, Why
from moderation.flagging import flagged, read_soon
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
    assert of(image)["flagged"] == ["zeppelin"]


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
    flagged(ImageQueue(), images, {})
    with django_assert_num_queries(1):
        assert len(flagged(ImageQueue(), images, {})) == 5


def test_places_are_told_for_each_text_that_a_card_shows():
    add("zeppelin")
    image = make_image(
        prompt="a z e p p e l i n, 🎈🎈 ｚｅｐｐｅｌｉｎ",
        params={"negative_prompt": "🎈 zeppelin", "steps": 9},
    )
    assert places(image) == {
        "text": ["z e p p e l i n", "ｚｅｐｐｅｌｉｎ"],
        "prompt": ["z e p p e l i n", "ｚｅｐｐｅｌｉｎ"],
        "negative_prompt": ["zeppelin"],
    }
    # The words are those of the prompt alone: what is not wanted in a picture is not in it.
    assert of(image)["flagged"] == ["z e p p e l i n", "ｚｅｐｐｅｌｉｎ"]


def test_places_of_a_character_are_those_of_each_of_its_texts():
    character = make_character(name="aged 9", bio="calm", origin_prompt="Be ｕｎｄｅｒａｇｅ.")
    told = places(character)
    assert told.pop("text") == ["9", "ｕｎｄｅｒａｇｅ"]
    assert told == {"name": ["9"], "prompt": ["ｕｎｄｅｒａｇｅ"]}


def test_overlapping_places_become_one():
    for term in ("红色", "红色炸弹", "炸弹"):
        add(term)
    image = make_image(prompt="一个红色炸弹")
    assert of(image)["flagged_spans"]["text"] == [[2, 6]]
    assert of(image)["flagged"] == ["红色", "红色炸弹", "炸弹"]


def test_a_clean_text_has_no_places():
    assert of(make_image(prompt="a boat"))["flagged_spans"] == {}


def of(subject):
    """What is told of it where staff look."""
    queue = queue_for(subject.subject_type())
    person = make_person()
    return contexts_of(queue, queue.load([subject.pk]), user=person)[subject.pk]


def places(subject):
    """Its marked texts by field."""
    queue = queue_for(subject.subject_type())
    (loaded,) = queue.load([subject.pk])
    context = of(subject)
    texts = context | {"text": queue.text_of(loaded)}
    return {
        name: [texts[name][start:end] for start, end in spans]
        for name, spans in context["flagged_spans"].items()
    }
