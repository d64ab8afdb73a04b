"""The search over subjects: what finds them, who finds them, and when it stops."""

import threading
import uuid
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from media.enums import Purpose, Variant
from media.models import Attachment, File
from media.tokens import Pass, write_tokens
from moderation import search
from moderation.actors import Actor
from moderation.errors import SearchTooBroad
from moderation.models import SearchDue, SearchEntry
from moderation.ranges import first_id_at
from moderation.search.texts import normalised, read_question, terms_of
from moderation.services import Request, decide, undo
from tests import factories
from tests.moderation.test_registry import MAKERS

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice():
    return factories.make_person("alice", role="moderator")


@pytest.fixture
def carol():
    return factories.make_person("carol", role="lead")


def found(text, viewer, **wanted):
    page = search.find(search.Wanted(text=text, **wanted), viewer=viewer)
    return [subject.pk for _, subject in page.subjects]


def make_image(prompt, **fields):
    image = factories.make_image(prompt=prompt, case=False, **fields)
    search.fill()
    return image


@pytest.mark.parametrize(
    ("prompt", "asked"),
    [
        ("A lighthouse over soft hills", "lighthouse"),
        ("A lighthouse over soft hills", "LIGHT"),
        ("A lighthouse over soft hills", "hills lighthouse"),
        ("A lighthouse over soft hills", '"over soft"'),
        ("一座红色的灯塔", "灯塔"),
        ("一座红色的灯塔", "红色的灯塔"),
        ("一座红色的灯塔", "塔"),
        ("一座红色的灯塔", "座"),
        ("一座红色的灯塔", "灯塔 红色"),
        ("一座红色的灯塔 at dawn", "灯塔 dawn"),
        ("静かな海とカモメ", "カモメ"),
        ("조용한 바다", "바다"),
        ("ＦＵＬＬ　ＷＩＤＴＨ words", "full width"),
        ("half-tone e-mail", "e-mail"),
        ("zero\u200bwidth", "zerowidth"),
        ("Straße", "STRASSE"),
        ("100% wool_yarn \\ thread", '"100% wool_yarn \\ thread"'),
        ("x" * 90, "x" * 90),
    ],
)
def test_a_picture_is_found_by_words_of_its_prompt(alice, prompt, asked):
    wanted = make_image(prompt)
    make_image("Something else, 一片蓝色的海")
    assert found(asked, alice) == [wanted.pk]


@pytest.mark.parametrize(
    "asked",
    [
        "塔灯", "红灯", "house", "lighthouse mountain", '"soft over"', '"light"', "100%", "😀",
        '""', "' OR 1=1 --", "a:* & b", "x" * 5_000, "\\", "%", "_", "'", "&", "!", "lighthouse:*b",
    ],
)  # fmt: skip
def test_what_nothing_says_finds_nothing_and_breaks_nothing(alice, asked):
    make_image("A lighthouse over soft hills 一座红色的灯塔")
    assert found(asked, alice) == []


def test_negative_prompts_characters_and_assets_are_found_too(alice):
    image = factories.make_image(prompt="hills", params={"negativePrompt": "no umbrellas"})
    character = factories.make_character(name="Mirabel", bio="Paints 灯塔 by the sea.")
    asset = factories.make_asset(name="Portrait of a heron")
    search.fill()
    assert found("umbrella", alice) == [image.pk]
    assert found("mirabel", alice) == found("灯塔", alice) == [character.pk]
    assert found("heron", alice) == [asset.pk]


def test_what_changes_is_found_by_its_new_texts_only(alice):
    character = factories.make_character(name="Mirabel", bio="Paints.", origin_prompt="")
    asset = factories.make_asset(name="Heron")
    search.fill()
    character.texts.create(name="Mirabel", bio="Sings.", origin_prompt="")
    type(asset).objects.filter(pk=asset.pk).update(name="Stork")
    search.fill()
    assert found("sings", alice) == [character.pk] and found("stork", alice) == [asset.pk]
    assert found("paints", alice) == found("heron", alice) == []


def test_a_deleted_character_is_found_by_no_word(alice):
    character = factories.make_character(name="Mirabel", bio="Paints.")
    search.fill()
    type(character).objects.filter(pk=character.pk).update(deleted_at=timezone.now())
    search.fill()
    assert found("mirabel", alice) == []
    assert not SearchEntry.objects.filter(pk=character.pk).exists()


def test_a_purged_text_is_gone_at_once_and_back_after_an_undo(carol):
    image = make_image("lighthouse", review_status="rejected")
    request = Request("purge", subject=image.subject_key, reason="violence")
    made = decide(requests=[request], actor=Actor.person(carol))
    assert made.results[0].status == "applied"
    assert found("lighthouse", carol) == []
    search.fill()
    assert found("lighthouse", carol) == [] and not SearchEntry.objects.exists()
    assert found(image.upstream_id, carol) == [image.pk], "its ids still lead to its tombstone"
    undo(batch=made.batch, actor=Actor.person(carol))
    search.fill()
    assert found("lighthouse", carol) == [image.pk]


def test_held_subjects_exist_for_leads_only(alice, carol):
    image = make_image("lighthouse")
    decide(
        requests=[Request("reject", subject=image.subject_key, reason="minor-safety")],
        actor=Actor.person(alice),
    )
    for text in ("lighthouse", str(image.pk), image.message_id):
        assert found(text, alice) == []
        assert found(text, carol) == [image.pk]


def test_a_decision_never_writes_to_the_search(alice):
    image = make_image("lighthouse")
    decide(requests=[Request("approve", subject=image.subject_key)], actor=Actor.person(alice))
    assert not SearchDue.objects.exists()


IDS = ["{0.pk}", "{0.pk.hex}", "up-77", "up-7", "user-seventy", "user-sev", "msg-77", "archive-77"]


@pytest.mark.parametrize("text", [*IDS, "star-77", "  up-77 "])
def test_a_picture_is_found_by_its_ids(alice, text):
    wanted = factories.make_image(
        upstream_id="up-77", user_id="user-seventy", archive_id="archive-77", message_id="msg-77",
        character_id="star-77",
    )  # fmt: skip
    factories.make_image()
    assert found(text.format(wanted), alice) == [wanted.pk]


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:8000/admin/subjects/gallery.imagelog/{0.pk}/",
        "/admin/subjects/gallery.imagelog/{0.pk}/",
        "https://gatehouse.example/admin/gallery/imagelog/{0.pk}/change/?q=1#timeline",
        "http://127.0.0.1:8000/api/moderation/subjects/gallery.imagelog/{0.pk}/",
    ],
)
def test_a_pasted_address_leads_to_its_subject(alice, address):
    wanted = factories.make_image()
    factories.make_image()
    assert found(address.format(wanted), alice) == [wanted.pk]


@pytest.mark.parametrize("ending", ["", ".webp"])
def test_a_link_to_bytes_leads_to_their_subject_also_when_it_has_expired(alice, ending):
    wanted = factories.make_image()
    attachment = Attachment.objects.create(
        subject_type="gallery.imagelog", subject_id=wanted.pk, state="failed"
    )
    hour_ago = timezone.now() - timedelta(hours=1)
    pass_ = Pass(
        attachment.pk, 0, Variant.THUMB, Purpose.CLIENT, None, int(hour_ago.timestamp())
    )  # fmt: skip
    (token,) = write_tokens([pass_])
    assert found(f"https://gatehouse.example/media/{token}{ending}", alice) == [wanted.pk]
    assert found(f"https://gatehouse.example/media/x{token}{ending}", alice) == []


def test_a_case_an_attachment_and_a_hash_lead_to_their_subject(alice):
    wanted = factories.make_image()
    file = File.objects.create(sha256=bytes(range(32)), size=1, mime="image/png")
    attachment = Attachment.objects.create(
        subject_type="gallery.imagelog", subject_id=wanted.pk, state="failed", file=file
    )
    factories.make_image()
    for text in (factories.case_of(wanted).pk, attachment.pk, bytes(range(32)).hex()):
        assert found(str(text), alice) == [wanted.pk]


def test_results_of_all_types_come_newest_first_and_page_without_gaps(alice):
    for number in range(9):
        MAKERS[["gallery.imagelog", "assets.asset", "characters.character"][number % 3]]()
    seen, after = [], None
    while True:
        page = search.find(search.Wanted(), viewer=alice, after=after, limit=2)
        seen += [subject.pk for _, subject in page.subjects]
        if page.after is None:
            break
        after = page.after
    assert len(seen) == 9 and seen == sorted(seen, reverse=True)


def test_every_registered_type_is_found_by_what_its_page_shows(alice, kind):
    subject = MAKERS[kind]()
    search.fill()
    (queue,) = [queue for queue, _ in search.find(search.Wanted(), viewer=alice).subjects]
    (shown,) = queue.load([subject.pk])
    text = queue.text_of(shown) or queue.title_of(shown)
    assert found(f'"{text[:60]}"', alice) == [subject.pk]


@pytest.mark.parametrize("maker", [factories.make_asset, factories.make_cover])
def test_a_subject_that_is_deleted_leaves_no_text(maker):
    subject = maker()
    search.fill()
    assert SearchEntry.objects.filter(pk=subject.pk).exists()
    subject.delete()
    search.fill()
    assert not SearchEntry.objects.filter(pk=subject.pk).exists()


@pytest.fixture(params=sorted(MAKERS))
def kind(request):
    return request.param


def test_a_search_costs_the_same_however_much_it_finds(alice):
    used = []
    found("", alice)  # the person's rights are cached from here on
    for number in (1, 30):
        for _ in range(number):
            factories.make_image(prompt="lighthouse", case=False)
        search.fill()
        with CaptureQueriesContext(connection) as queries:
            assert found("lighthouse", alice)
        used.append(len(queries))
        assert not any('"moderation_searchentry"."text"' in one["sql"] for one in queries)
    assert used[0] == used[1] <= 14


def test_common_words_are_found_as_rare_ones_are(alice, monkeypatch):
    images = [factories.make_image(prompt=f"lighthouse {n}", case=False) for n in range(5)]
    named = factories.make_image(prompt="hills", user_id="lighthouse", case=False)
    search.fill()
    wanted = [named.pk, *(image.pk for image in reversed(images))]
    assert found("lighthouse", alice) == wanted
    monkeypatch.setattr(search.finding, "FEW", 3)
    assert found("lighthouse", alice) == wanted
    assert found('"lighthouse 3"', alice) == [images[3].pk]
    assert found("lighthouse 3", alice) == [images[3].pk]


def test_a_search_that_takes_too_long_is_stopped_and_says_so(alice, monkeypatch):
    make_image("lighthouse")
    monkeypatch.setattr(search.finding, "SECONDS", 1)
    real = search.Search.narrow

    def slow(self, rows, queue):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(5)")
        return real(self, rows, queue)

    monkeypatch.setattr(search.Search, "narrow", slow)
    with pytest.raises(SearchTooBroad):
        found("lighthouse", alice)


@pytest.mark.django_db(transaction=True)
def test_a_fill_that_is_cut_off_begins_again_where_it_was(alice):
    image = factories.make_image(prompt="lighthouse", case=False)
    with pytest.raises(KeyboardInterrupt), transaction.atomic():
        search.fill()
        raise KeyboardInterrupt
    assert found("lighthouse", alice) == [] and SearchDue.objects.exists()
    assert search.fill() and not SearchDue.objects.exists()
    assert found("lighthouse", alice) == [image.pk]


@pytest.mark.django_db(transaction=True)
def test_two_fillers_at_once_do_no_harm(alice):
    image = factories.make_image(prompt="lighthouse", case=False)
    done = []

    def other():
        done.append(search.fill())
        connection.close()

    with transaction.atomic():
        assert search.fill() > 0
        thread = threading.Thread(target=other)
        thread.start()
        thread.join(timeout=30)
    assert done == [0]
    assert found("lighthouse", alice) == [image.pk]


def test_what_is_due_of_a_type_that_is_gone_does_not_block_the_rest(alice):
    SearchDue.objects.create(subject_type="gone.type", subject_id=uuid.uuid4())
    image = make_image("lighthouse")
    assert found("lighthouse", alice) == [image.pk] and not SearchDue.objects.exists()


def test_since_follows_the_arrival(alice):
    since = timezone.now() - timedelta(days=1)
    old = factories.make_image(pk=first_id_at(since - timedelta(hours=1)), case=False)
    new = factories.make_image(case=False)
    assert found("", alice, since=since) == [new.pk]
    assert set(found("", alice)) == {old.pk, new.pk}


def test_terms_are_words_pairs_and_the_end_of_a_run():
    assert terms_of(normalised("A Lighthouse 红色的山!")) == {
        "a", "lighthouse", "红色", "色的", "的山", "山",
    }  # fmt: skip


def test_a_question_of_two_chinese_characters_is_proved_by_the_index_alone():
    assert read_question("灯塔") == read_question(" 灯塔 ")
    assert read_question("灯塔").parts == () and read_question("红色的").parts == ("红色的",)
