"""The gallery's sync: whose albums it walks, where it may stop, what is missing."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from characters.models import Character
from gallery.models import ImageDetail, ImageLog
from media.models import Attachment
from moderation.actors import Actor
from moderation.enums import Action
from moderation.models import Case, Decision
from moderation.services import Request, decide
from tests.factories import make_image, make_person
from tests.syncing import source_at, sync
from upstream.models import ScopePass, Source
from upstream.sandbox.process import SandboxProcess

pytestmark = pytest.mark.django_db(transaction=True)

ROUTE = "POST /api/list-character-images"


@pytest.fixture(scope="module")
def running() -> Iterator[SandboxProcess]:
    with SandboxProcess(images=400, characters=4, assets=0) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: SandboxProcess) -> SandboxProcess:
    running.control(faults=[], clock={}, latency=0, reset=True)
    return running


@pytest.fixture
def gallery(sandbox: SandboxProcess) -> Source:
    sync(source_at(sandbox, "characters"))
    return source_at(sandbox, "gallery")


def pages_of(sandbox: SandboxProcess, source: Source, *, full: bool = False) -> int:
    """How many album pages a run reads."""
    sandbox.control(reset=True)
    assert sync(source, full=full).status == "succeeded"
    requests: dict[str, int] = sandbox.stats()["requests"]
    return sum(number for route, number in requests.items() if "list-character-images" in route)


def test_generation_parameters_and_the_upstream_object_are_kept(sandbox, gallery):
    sync(gallery)
    detail = ImageDetail.objects.select_related("image").first()
    assert {"model", "seed", "steps", "sampler", "negativePrompt"} <= detail.params.keys()
    assert detail.raw["id"] == detail.image.upstream_id
    assert "?" not in detail.raw["url"]
    assert Attachment.objects.filter(origin_url__contains="?sig=").count() == 400


def test_a_short_run_stops_at_known_pictures_and_a_full_one_reads_everything(sandbox, gallery):
    first = pages_of(sandbox, gallery)
    assert first >= 400 / 20
    short = pages_of(sandbox, gallery)
    assert short < first
    assert pages_of(sandbox, gallery, full=True) == first


def test_a_short_run_finds_what_is_new_in_front(sandbox, gallery):
    sync(gallery)
    [added] = sandbox.control(add={"kind": "images", "count": 1})
    run = sync(gallery)
    assert (run.created, ImageLog.objects.filter(upstream_id=added).count()) == (1, 1)
    assert run.seen < ImageLog.objects.count()


def test_an_album_whose_last_pass_was_broken_off_is_read_to_its_end(sandbox, gallery):
    whole = pages_of(sandbox, gallery)
    ScopePass.objects.update(finished_at=None)
    ImageLog.objects.filter(pk__in=ImageLog.objects.order_by("created_at")[:50]).delete()
    assert pages_of(sandbox, gallery) == whole
    assert ImageLog.objects.count() == sandbox.stats()["totals"]["images"]["records"]


def test_what_a_full_run_does_not_meet_is_marked_missing_and_nothing_older(sandbox, gallery):
    sync(gallery)
    ids = list(ImageLog.objects.order_by("upstream_id").values_list("upstream_id", flat=True)[:3])
    character = Character.objects.first().upstream_id
    old = make_image(
        source=gallery,
        upstream_id="old",
        character_id=character,
        created_at=timezone.now() - timedelta(days=120),
        first_seen_at=timezone.now() - timedelta(days=100),
    )
    sandbox.control(remove={"kind": "images", "ids": ids})
    assert sync(gallery).missing == 0
    run = sync(gallery, full=True)
    assert (run.status, run.missing) == ("succeeded", 3)
    gone = ImageLog.objects.filter(missing_at__isnull=False)
    assert set(gone.values_list("upstream_id", flat=True)) == set(ids)
    old.refresh_from_db()
    assert old.missing_at is None
    assert sync(gallery, full=True).missing == 0


def test_an_album_that_cannot_be_read_is_not_missing(sandbox, gallery):
    sync(gallery)
    gone = Character.objects.first()
    Character.objects.filter(pk=gone.pk).update(missing_at=timezone.now())
    run = sync(gallery, full=True)
    assert (run.status, run.missing) == ("succeeded", 0)
    assert not ImageLog.objects.filter(missing_at__isnull=False).exists()


def test_rows_without_an_id_get_the_same_derived_one_every_time(sandbox, gallery):
    sandbox.control(faults=["noid"])
    first = sync(gallery)
    assert first.created == sandbox.stats()["totals"]["images"]["records"]
    assert ImageLog.objects.filter(upstream_id__startswith="derived:").exists()
    again = sync(gallery, full=True)
    assert (again.created, again.unchanged, again.missing) == (0, first.created, 0)


def test_a_decided_picture_is_untouched_by_later_runs(sandbox, gallery):
    sync(gallery)
    case = Case.objects.filter(queue="images").first()
    actor = Actor.person(make_person(role="moderator"))
    key = (case.subject_type, case.subject_id)
    decide(requests=[Request(Action.APPROVE, subject=key)], actor=actor)
    image = ImageLog.objects.get(pk=case.subject_id)
    sandbox.control(
        change={"kind": "images", "ids": [image.upstream_id], "fields": {"reviewStatus": "pending"}}
    )
    sync(gallery, full=True)
    image.refresh_from_db()
    assert (image.review_status, image.reviewed_by_id) == ("approved", actor.id)
    assert Decision.objects.count() == 1


def test_changed_pictures_are_updated_and_the_approved_ones_looked_at_again(sandbox, gallery):
    sync(gallery)
    approved = set(
        ImageLog.objects.filter(review_status="approved").values_list("upstream_id", flat=True)
    )
    sandbox.control(faults=["changed"])
    run = sync(gallery, full=True)
    changed = ImageDetail.objects.filter(prompt__contains="(take 2)")
    ids = set(changed.values_list("image__upstream_id", flat=True))
    assert run.updated == len(ids) > 0
    reopened = ImageLog.objects.filter(upstream_id__in=ids & approved)
    assert set(reopened.values_list("review_status", flat=True)) == {"pending"}
    second = Case.objects.filter(kind="second_look").values_list("subject_id", flat=True)
    assert set(second) == set(reopened.values_list("pk", flat=True))


def test_named_characters_sources_are_walked_instead_of_those_at_the_same_address(sandbox):
    sync(source_at(sandbox, "characters", "everybody"))
    source_at("http://127.0.0.1:9", "characters", "nobody")
    run = sync(source_at(sandbox, "gallery", characters_sources=["nobody"]))
    assert (run.status, run.seen) == ("succeeded", 0)
    assert any("no characters yet" in note for note in run.notes)


def test_a_gallery_without_a_characters_source_fails_with_a_clear_sentence(sandbox):
    run = sync(source_at(sandbox, "gallery"))
    assert run.status == "failed"
    assert "characters source" in run.error
