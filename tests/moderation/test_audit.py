"""The log's proof: what verify() finds, and who may touch the table."""

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.utils import DatabaseError

from moderation import audit
from moderation.actors import Actor
from moderation.models import Decision, Seal
from moderation.services import Request, decide
from tests.factories import make_image, make_person

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def log(tmp_path, settings):
    """Ten decisions on five subjects, sealed in two ranges."""
    settings.GATEHOUSE_HOME = tmp_path
    alice = Actor.person(make_person("alice", role="moderator"))
    images = [make_image() for _ in range(5)]
    for action, words in (("approve", {}), ("reject", {"reason": "spam"})):
        for image in images:
            decide(requests=[Request(action, subject=image.subject_key, **words)], actor=alice)
        assert audit.seal() is not None
    return list(Decision.objects.order_by("id"))


def tamper(sql, *values):
    """What a thief with the owner's password would do: switch the triggers off first."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE moderation_decision DISABLE TRIGGER USER")
        cursor.execute(sql, values)
        cursor.execute("ALTER TABLE moderation_decision ENABLE TRIGGER USER")


def test_an_untouched_log_is_intact(log):
    found = audit.verify()
    assert (found.rows, found.seals, found.broken, found.unsealed) == (10, 2, None, 0)


@pytest.mark.parametrize(
    "column, value",
    [("note", "forged"), ("actor_id", 999), ("reason", "hate"), ("to_status", "approved"),
     ("at", "2020-01-01T00:00:00Z"), ("seen", "full")],
)  # fmt: skip
def test_a_changed_row_is_found(log, column, value):
    victim = log[6]
    tamper(f"UPDATE moderation_decision SET {column} = %s WHERE id = %s", value, victim.pk)
    assert f"decision {victim.pk}:" in audit.verify().broken


def test_a_row_changed_with_its_hash_recomputed_is_found_by_the_seal(log):
    victim = log[9]
    tamper("UPDATE moderation_decision SET note = 'forged' WHERE id = %s", victim.pk)
    row = Decision.objects.filter(pk=victim.pk).values().get()
    tamper("UPDATE moderation_decision SET hash = %s WHERE id = %s", audit.row_hash(row), victim.pk)
    assert "do not match their seal" in audit.verify().broken


@pytest.mark.parametrize("index", [0, 4, 9])
def test_a_removed_row_is_found(log, index):
    tamper("DELETE FROM moderation_decision WHERE id = %s", log[index].pk)
    assert audit.verify().broken is not None


def test_an_inserted_row_is_found_also_in_a_gap_of_ids(log):
    tamper("DELETE FROM moderation_decision WHERE id = %s", log[9].pk)
    tamper(
        "INSERT INTO moderation_decision SELECT (json_populate_record(d, json_build_object("
        "'id', %s::bigint, 'note', 'forged'))).* FROM moderation_decision d WHERE id = %s",
        log[9].pk,
        log[0].pk,
    )
    assert audit.verify().broken is not None


def test_cutting_off_the_end_with_its_seal_is_found_by_the_head_noted_outside(log):
    tamper("DELETE FROM moderation_decision WHERE id > %s", log[4].pk)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE moderation_seal DISABLE TRIGGER USER")
        cursor.execute("DELETE FROM moderation_seal WHERE last_id > %s", [log[4].pk])
        cursor.execute("ALTER TABLE moderation_seal ENABLE TRIGGER USER")
    assert "outside the database" in audit.verify().broken


def test_the_command_says_the_first_broken_row_and_fails(log, capsys):
    call_command("verifyaudit")
    assert "intact: 10 decisions" in capsys.readouterr().out
    tamper("UPDATE moderation_decision SET note = 'forged' WHERE id = %s", log[2].pk)
    with pytest.raises(CommandError, match=f"decision {log[2].pk}"):
        call_command("verifyaudit")


@pytest.mark.parametrize(
    "sql",
    ["UPDATE moderation_decision SET note = ''", "DELETE FROM moderation_decision",
     "TRUNCATE moderation_decision"],
)  # fmt: skip
def test_triggers_refuse_change_also_to_the_owner(log, sql):
    with pytest.raises(DatabaseError, match="append-only"), connection.cursor() as cursor:
        cursor.execute(sql)
    assert Decision.objects.count() == 10


def test_nothing_new_makes_no_seal(log):
    assert audit.seal() is None
    assert Seal.objects.count() == 2


def test_an_open_transaction_holds_the_seal_back(log):
    image = make_image()
    decide(
        requests=[Request("approve", subject=image.subject_key)],
        actor=Actor.person(make_person("bob", role="moderator")),
    )
    with psycopg.connect(**_parameters()) as other:
        other.execute("SELECT pg_current_xact_id()")
        assert audit.seal(wait=0.2) is None
    assert audit.seal().count == 1


def _parameters():
    """The server of the test database, for a second connection."""
    made = connection.get_connection_params()
    return {key: made[key] for key in ("dbname", "user", "password", "host", "port") if key in made}
