"""The engine's commands as an operator uses them."""

import json

import pytest
from django.core.management import CommandError, call_command

from moderation import audit
from moderation.actors import Actor
from moderation.models import Case, Decision, Receipt, Tombstone
from moderation.services import Request, decide
from tests.factories import case_of, make_image, make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def said(capsys):
    """Runs a command and gives what it printed."""

    def run(*words, **options):
        call_command(*words, **options)
        return capsys.readouterr().out

    return run


def test_queues_are_shown_as_a_table_and_as_json(said):
    make_image(), make_image()
    call_command("queues")
    assert "images" in said("queues") and "2 open cases in 5 queues." in said("queues")
    rows = {row["slug"]: row for row in json.loads(said("queues", "--json"))}
    assert rows["images"]["open"] == 2 and rows["images"]["overdue"] == 0
    assert rows["assets"]["oldest_opened_at"] is None


def test_a_bulk_decision_is_a_dry_run_unless_applied(said):
    image = make_image()
    words = ("decide", "--queue", "images", "--action", "approve")
    assert "1 cases would be decided" in said(*words)
    image.refresh_from_db()
    assert image.review_status == "pending" and not Decision.objects.exists()


def test_a_bulk_decision_decides_what_the_filter_fits_in_one_batch_by_a_person(said):
    wanted = [make_image(user_id="u-17") for _ in range(3)]
    other = make_image(user_id="u-18")
    chen = make_person("chen", role="lead")
    out = said(
        "decide", "--queue", "images", "--action", "reject", "--reason", "spam",
        "--filter", "user_id=u-17", "--user", "chen", "--apply",
    )  # fmt: skip
    assert "3 cases: 3 applied." in out
    for image in wanted:
        image.refresh_from_db()
        assert (image.review_status, image.reviewed_by) == ("rejected", chen)
    other.refresh_from_db()
    assert other.review_status == "pending"
    assert Decision.objects.values("batch").distinct().count() == 1


@pytest.mark.parametrize(
    "words, told",
    [
        (("--queue", "nothing", "--action", "approve"), "no queue"),
        (("--queue", "images", "--action", "reject", "--reason", "rubbish"), "no reason"),
        (("--queue", "images", "--action", "approve", "--filter", "rubbish"), "FIELD=VALUE"),
        (("--queue", "images", "--action", "approve", "--filter", "colour=red"), "no field"),
        (("--queue", "images", "--action", "approve", "--apply"), "--user"),
        (("--queue", "images", "--action", "approve", "--apply", "--user", "nobody"), "--user"),
    ],
)
def test_a_wrong_bulk_decision_is_one_clear_sentence(words, told):
    make_image()
    with pytest.raises(CommandError, match=told):
        call_command("decide", *words)


def test_a_bulk_decision_that_is_refused_fails_and_changes_nothing(said):
    make_image()
    make_person("vera", role="viewer")
    words = ("--queue", "images", "--action", "approve", "--user", "vera", "--apply")
    with pytest.raises(CommandError, match="not decided"):
        call_command("decide", *words)
    assert Case.objects.count() == 1 and not Decision.objects.exists()


def test_purge_says_what_is_due_erases_it_and_prints_receipts(said, settings):
    settings.PURGE_GRACE_HOURS = 0
    image = make_image()
    lead = Actor.person(make_person("chen", role="lead"))
    for action in ("reject", "purge"):
        decide(requests=[Request(action, subject=image.subject_key, reason="spam")], actor=lead)
    call_command("purge", "--dry-run")
    assert f"due gallery.imagelog {image.pk}" in said("purge", "--dry-run")
    assert Tombstone.objects.get().erased_at is None
    assert "0 receipts written." in said("purge")  # it never had bytes
    assert Tombstone.objects.get().finished_at is not None and not Receipt.objects.exists()
    assert "0 subjects would be erased." in said("purge", "--dry-run")


def test_verifyaudit_counts_what_it_read(said):
    image = make_image()
    actor = Actor.person(make_person(role="moderator"))
    decide(requests=[Request("approve", subject=image.subject_key)], actor=actor)
    assert "intact: 1 decisions, 0 seals, 1 not sealed yet." in said("verifyaudit")
    assert audit.verify().broken is None


def test_checkqueues_fails_on_what_is_lost_and_mends_it(said):
    image = make_image(case=False)
    with pytest.raises(CommandError, match="1 subjects without a case"):
        call_command("checkqueues")
    assert "mended" in said("checkqueues", "--repair")
    assert case_of(image).queue == "images"
    assert "0 subjects without a case" in said("checkqueues")
