"""A month's report: figures that can be checked by hand, the command, and bad input."""

import csv
import json
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from moderation import month
from moderation.actors import Actor
from moderation.models import Case
from moderation.services import Request, decide, undo
from tests.factories import make_asset, make_case, make_image, make_person, make_source

pytestmark = pytest.mark.django_db
NOW = month.month_of(timezone.now())
# Between opening a case and deciding it, as far as a test runs on its own time.
ABOUT = {"abs": 30}


@pytest.fixture
def alice():
    return make_person("alice", role="moderator")


@pytest.fixture
def lead():
    return make_person("lena", role="lead")


def waiting(make=make_image, *, minutes, **fields):
    """A subject whose case was opened so long ago."""
    subject = make(case=False, **fields)
    make_case(subject, opened_at=timezone.now() - timedelta(minutes=minutes))
    return subject


def act(actor, action, *subjects, **words):
    """One batch; every subject's open case closes with it."""
    wanted = [Request(action=action, subject=each.subject_key, **words) for each in subjects]
    result = decide(requests=wanted, actor=actor)
    assert [each.status for each in result.results] == ["applied"] * len(subjects)
    return result


def move_the_log(to):
    """The log refuses changes; its owner, who may switch that off, makes a past of it."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE moderation_decision DISABLE TRIGGER decision_append_only")
        cursor.execute("UPDATE moderation_decision SET at = %s", [to])
        cursor.execute("ALTER TABLE moderation_decision ENABLE TRIGGER decision_append_only")


def lines(section, made=None):
    made = made or month.report(NOW, fresh=True)
    return {line.key: line for line in made.sections[section]}


@pytest.fixture
def busy(alice, lead):
    """Three pictures and an asset decided by alice, one picture by a rule, one escalated."""
    me = Actor.person(alice)
    one, two, three = (waiting(minutes=minutes) for minutes in (10, 20, 60))
    act(me, "approve", one, two)
    act(me, "reject", three, reason="violence")
    act(me, "reject", waiting(make_asset, minutes=600), reason="spam")
    act(Actor.rule("known"), "reject", waiting(minutes=1), reason="violence")
    act(me, "escalate", waiting(minutes=5), note="ours?")
    return {"one": one, "two": two, "three": three}


def test_verdicts_are_counted_by_queue_reason_source_and_actor(busy):
    made = month.report(NOW, fresh=True)
    total = made.total
    assert (total.decided, total.approved, total.rejected, total.escalated) == (5, 2, 3, 1)
    assert {key: line.decided for key, line in lines("queue", made).items()} == {
        "images": 4,
        "assets": 1,
    }
    assert {key: line.decided for key, line in lines("reason", made).items()} == {
        "violence": 2,
        "spam": 1,
    }
    assert {key: line.decided for key, line in lines("actor", made).items()} == {
        "person": 4,
        "rule": 1,
    }
    assert sum(line.decided for line in made.sections["source"]) == 5
    assert [line.key for line in made.sections["queue"]] == ["images", "assets"]


def test_times_run_from_the_opening_of_the_case_to_the_verdict(busy):
    images = lines("queue")["images"]
    # 1, 10, 20 and 60 minutes: the middle lies between 10 and 20.
    assert images.median == pytest.approx(15 * 60, **ABOUT)
    assert images.p90 == pytest.approx((20 + 0.7 * 40) * 60, **ABOUT)
    assert lines("queue")["assets"].median == pytest.approx(600 * 60, **ABOUT)


def test_what_was_decided_after_its_time_is_overdue(busy, alice):
    late = waiting(minutes=30)
    Case.objects.filter(subject_id=late.pk).update(due_at=timezone.now() - timedelta(minutes=1))
    act(Actor.person(alice), "approve", late)
    images = lines("queue")["images"]
    assert (images.timed, images.late) == (5, 1)
    assert images.overdue_share == pytest.approx(0.2)


def test_reversals_count_against_the_verdict_that_was_turned_round(busy, alice, lead):
    boss, me = Actor.person(lead), Actor.person(alice)
    act(boss, "reopen", busy["one"], note="look again")
    act(boss, "approve", busy["three"])
    slip = waiting(minutes=3)
    batch = act(me, "reject", slip, reason="spam").batch
    undo(batch=batch, actor=me)
    made = month.report(NOW, fresh=True)
    total = made.total
    assert (total.undone, total.reopened, total.overturned) == (1, 1, 1)
    assert total.reversal_rate == pytest.approx(3 / 7)
    reasons = lines("reason", made)
    assert (reasons["spam"].undone, reasons["violence"].overturned) == (1, 1)
    assert lines("actor", made)["rule"].reversals == 0


def test_a_reversal_of_a_sync_or_of_an_escalation_is_none(alice, lead):
    image = waiting(minutes=5)
    act(Actor.person(alice), "escalate", image, note="ours?")
    act(Actor.person(lead), "approve", image)
    assert month.report(NOW, fresh=True).total.reversals == 0


def test_an_author_who_changes_what_was_approved_reverses_nobodys_verdict(alice):
    image = waiting(minutes=5)
    act(Actor.person(alice), "approve", image)
    act(Actor.author(alice), "reopen", image)
    total = month.report(NOW, fresh=True).total
    assert (total.approved, total.reversals) == (1, 0)


def test_a_month_begins_and_ends_in_the_readers_zone(alice):
    act(Actor.person(alice), "approve", waiting(minutes=1))
    # 2 a.m. of September the first in Shanghai.
    move_the_log(datetime(2026, 8, 31, 18, tzinfo=UTC))
    assert month.report("2026-09", fresh=True).total.decided == 0
    with timezone.override("Asia/Shanghai"):
        assert month.report("2026-09", fresh=True).total.decided == 1
        assert month.report("2026-08", fresh=True).total.decided == 0


def test_a_report_is_kept_until_a_fresh_one_is_asked_for(busy, alice):
    assert month.report(NOW).total.decided == 5
    act(Actor.person(alice), "approve", waiting(minutes=1))
    assert month.report(NOW).total.decided == 5
    assert month.report(NOW, fresh=True).total.decided == 6
    assert month.report(NOW).total.decided == 6


def test_an_empty_month_has_no_times_and_no_shares():
    total = month.report(NOW, fresh=True).total
    assert (total.decided, total.median, total.p90) == (0, None, None)
    assert (total.overdue_share, total.reversal_rate) == (None, None)


@pytest.mark.parametrize(
    "text",
    ["", "2026", "2026-13", "2026-00", "26-11", "2026-1", "２０２６-11", "2026-11-01", "now"],
)
def test_a_month_is_written_one_way(text):
    with pytest.raises(month.NoSuchMonth, match="2026-11"):
        month.report(text)


def test_a_month_that_has_not_begun_has_no_report():
    ahead = month.month_of(timezone.now() + timedelta(days=40))
    with pytest.raises(month.NoSuchMonth, match="not begun"):
        month.report(ahead)


def test_december_ends_with_the_year():
    with time_machine.travel(datetime(2027, 6, 1, tzinfo=UTC)):
        since, until = month.bounds("2026-12")
    assert (since.isoformat(), until.isoformat()) == (
        "2026-12-01T00:00:00+00:00",
        "2027-01-01T00:00:00+00:00",
    )


def test_it_takes_two_statements_however_much_there_is(busy, django_assert_num_queries):
    with django_assert_num_queries(2):
        month._measure(NOW, *month.bounds(NOW))


def test_the_command_prints_a_table(busy, capsys):
    call_command("report", "--month", NOW)
    out, err = capsys.readouterr()
    assert "by queue" in out
    assert [line.split()[:3] for line in out.splitlines() if "Images" in line] == [
        ["Images", "4", "2"]
    ]
    assert err == f"5 decisions in {NOW} (UTC), 0 reversed.\n"


def test_the_command_writes_json(busy, capsys):
    call_command("report", "--month", NOW, "--json")
    found = json.loads(capsys.readouterr().out)
    assert (found["month"], found["time_zone"], found["total"]["decided"]) == (NOW, "UTC", 5)
    assert found["queue"][0]["label"] == "Images"
    assert found["actor"][1] | {"key": "rule", "decided": 1} == found["actor"][1]


def test_the_command_writes_csv_that_holds_no_formula_and_is_logged(busy, alice, tmp_path, capsys):
    evil = make_source("x")
    type(evil).objects.filter(pk=evil.pk).update(name="=cmd()")
    act(Actor.person(alice), "approve", waiting(minutes=1, source=evil))
    target = tmp_path / "september.csv"
    call_command("report", "--month", NOW, "--csv", str(target))
    rows = list(csv.DictReader(target.open(encoding="utf-8-sig", newline="")))
    assert rows[0]["section"] == "total"
    assert rows[0]["decided"] == "6"
    assert "'=cmd()" in {row["label"] for row in rows}
    entry = LogEntry.objects.latest("pk")
    assert (str(entry.user), entry.change_message) == (
        "command-line",
        f"Exported the report of {NOW}",
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--month", "September"], "Write the month as 2026-11."),
        (["--month", "2026-09", "--time-zone", "Moon"], "There is no time zone 'Moon'."),
        (["--month", "2026-09", "--csv", "/nowhere/x.csv"], "/nowhere/x.csv: No such file"),
    ],
)
def test_mistakes_are_named_in_a_sentence(arguments, message):
    with pytest.raises(CommandError, match=message):
        call_command("report", *arguments)


def test_without_a_month_it_is_the_present_one(capsys):
    call_command("report")
    assert month.month_of(timezone.now()) in capsys.readouterr().err
