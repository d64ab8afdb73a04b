"""`importhashes`: idempotent, in pieces, and a bad row never costs a good one."""

import io
import os
import signal
import subprocess
import sys
import time

import pytest
from django.contrib.admin.models import LogEntry
from django.core.management import CommandError, call_command

from bench import pictures
from moderation.banks import counting, importing, scans
from moderation.banks.matching import Print, find
from moderation.models import Bank, BankEntry, BankMatch, BankScan
from tests.banks.conftest import data, hash_of
from tests.factories import make_person, make_reason

pytestmark = pytest.mark.django_db


def rows(count: int) -> list[str]:
    return [each.tobytes().hex() for each in pictures.hashes(count)]


def run(path, *arguments) -> tuple[str, str, int]:
    out, err = io.StringIO(), io.StringIO()
    code = 0
    try:
        call_command("importhashes", "partners", str(path), *arguments, stdout=out, stderr=err)
    except SystemExit as exit_:
        code = int(exit_.code or 0)
    return out.getvalue(), err.getvalue(), code


def test_hashes_come_in_once_however_often_the_file_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(importing, "PIECE", 30)
    path = tmp_path / "known.csv"
    lines = [f"{pdq},,99,label {n},partner,2099-01-01" for n, pdq in enumerate(rows(100))]
    path.write_text("\n".join(["pdq,sha256,quality,label,source,expires_at", *lines, lines[3]]))

    assert run(path, "--note", "first list")[0].startswith(
        "partners: 100 added, 0 changed, 1 unchanged, 0 bad of 101 rows"
    )
    assert run(path, "--note", "first list")[0].startswith("partners: 0 added, 0 changed, 101 unch")
    bank = Bank.objects.get()
    assert (bank.action, bank.own, bank.turned) == ("first", False, False)
    assert counting.counts()[bank.pk].entries == BankEntry.objects.count() == 100
    entry = BankEntry.objects.order_by("id").first()
    assert (entry.label.split()[0], entry.source, entry.note) == ("label", "partner", "first list")
    assert entry.expires_at.year == 2099


def test_who_imported_what_stands_in_the_trail_and_with_each_entry(tmp_path):
    ada = make_person("ada", role="lead")
    path = tmp_path / "known.csv"
    path.write_text(f"pdq\n{rows(1)[0]}\n")
    run(path, "--user", "ada")
    run(path)
    path.write_text(f'pdq\n{rows(2)[1]}\n"broken')
    path.write_bytes(path.read_bytes() + b"\xff")
    with pytest.raises(CommandError):
        run(path, "--user", "ada")
    with pytest.raises(CommandError, match="no user"):
        run(path, "--user", "nobody")

    assert BankEntry.objects.earliest("pk").added_by == ada.pk
    trail = LogEntry.objects.filter(content_type__model="bank").order_by("pk")
    assert [(row.user.username, row.change_message.split(":")[0]) for row in trail] == [
        ("ada", "Imported known.csv"), ("command-line", "Imported known.csv"),
        ("ada", "Import of known.csv broke off"),
    ]  # fmt: skip
    assert "1 added, 0 changed" in trail[0].change_message


def test_a_changed_label_changes_the_entry_and_adds_none(tmp_path):
    path = tmp_path / "known.csv"
    pdq = rows(1)[0]
    path.write_text(f"pdq,label\n{pdq},old\n")
    run(path)
    path.write_text(f"pdq,label\n{pdq.upper()},new\n")

    assert "0 added, 1 changed" in run(path)[0]
    assert BankEntry.objects.get().label == "new"


def test_bad_rows_are_named_by_line_and_left_out(tmp_path):
    pdq = rows(1)[0]
    path = tmp_path / "known.csv"
    path.write_text(
        "sha256,pdq,quality,label,expires_at\n"
        f",{pdq},80,good,\n"
        f",{pdq[:-1]},80,short,\n"
        f",{pdq[:31]}  {pdq[:31]},80,blanks,\n"
        ",,80,none,\n"
        f",{pdq},101,quality,\n"
        f",{pdq},80,{'x' * 61},\n"
        f",{pdq},80,when,31.12.2099\n"
        f",{pdq}\n"
        f"{'ab' * 32},,,by its bytes,2099-01-01T00:00:00Z\n"
    )
    out, err, code = run(path)

    assert "2 added, 0 changed, 0 unchanged, 7 bad of 9 rows" in out
    assert code == 1
    assert [line.split(":")[0] for line in err.splitlines()] == [f"line {n}" for n in range(3, 10)]
    assert set(BankEntry.objects.values_list("label", flat=True)) == {"good", "by its bytes"}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"pdq,colour\n", "colour"),
        (b"label\nx\n", "pdq or sha256"),
        (b"", "pdq or sha256"),
        (b"pdq\n\xff\xfe\n", "line"),
    ],
    ids=["unknown column", "no hash", "empty", "not UTF-8"],
)
def test_a_file_that_is_no_list_of_hashes_is_refused(tmp_path, content, words):
    path = tmp_path / "known.csv"
    path.write_bytes(content)

    with pytest.raises(CommandError, match=words):
        run(path)
    assert not BankEntry.objects.exists()


def test_the_mistakes_of_the_caller_are_named(tmp_path):
    path = tmp_path / "known.csv"
    path.write_text("pdq\n")
    Bank.objects.create(slug="own", own=True)
    for arguments, words in (
        (("partners", tmp_path / "none.csv"), "No such file"),
        (("partners", path, "--action", "reject"), "--reason"),
        (("not a slug", path), "letters"),
        (("own", path), "own rejections"),
    ):
        with pytest.raises(CommandError, match=words):
            call_command("importhashes", *map(str, arguments))


def test_a_rejecting_bank_is_made_with_its_reason(tmp_path):
    make_reason("violence")
    path = tmp_path / "known.csv"
    path.write_text("pdq\n")
    run(path, "--action", "reject", "--reason", "violence")

    assert (Bank.objects.get().action, Bank.objects.get().reason) == ("reject", "violence")


def test_other_rules_with_an_import_are_on_record_and_compare_what_is_held(tmp_path, arrive):
    make_reason("violence")
    held, path, ada = arrive(data()), tmp_path / "known.csv", make_person("ada", role="lead")
    path.write_text(f"pdq\n{hash_of(held).hex()}\n")
    run(path, "--action", "mark")
    scans.work(seconds=60)
    run(path, "--action", "mark", "--user", "ada")
    assert not BankScan.objects.filter(whole=True).exists(), "nothing was changed"

    run(path, "--action", "first", "--reason", "violence", "--user", "ada")
    scan = BankScan.objects.get(whole=True)
    assert (scan.started_by, scan.state) == (ada.pk, "waiting")
    row = LogEntry.objects.filter(change_message__startswith="Changed").get()
    assert (row.user, row.change_message) == (
        ada, "Changed with an import: action first, reason violence",
    )  # fmt: skip


def test_another_quality_is_in_force_at_once_and_compared_with_what_is_held(tmp_path, arrive):
    """The one process here has read the entry before."""
    held, path = arrive(data()), tmp_path / "known.csv"
    known = hash_of(held)

    def comes(quality) -> bool:
        path.write_text(f"pdq,quality\n{known.hex()},{quality}\n")
        run(path)
        scans.work(seconds=60)
        return bool(find([Print(known)])[0])

    assert not comes(40)
    assert not BankMatch.objects.exists()
    assert comes(90)
    assert [match.subject_id for match in BankMatch.objects.all()] == [held.pk]
    assert comes(95)
    assert not comes(40)
    assert comes("")


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_an_import_that_was_killed_is_finished_by_the_next(tmp_path, settings):
    path = tmp_path / "known.csv"
    known = list(dict.fromkeys(rows(60_000)))
    path.write_text("\n".join(["pdq", *known]))
    name = settings.DATABASES["default"]["NAME"]
    base = os.environ["DATABASE_URL"].rpartition("/")[0]
    process = subprocess.Popen(
        [sys.executable, "manage.py", "importhashes", "partners", str(path)],
        env=os.environ | {"DATABASE_URL": f"{base}/{name}"},
    )
    while not BankEntry.objects.exists() and process.poll() is None:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = BankEntry.objects.count()
    assert 0 < kept < len(known)
    assert kept == counting.counts()[Bank.objects.get().pk].entries

    assert f"{len(known) - kept} added, 0 changed, {kept} unchanged" in run(path)[0]
