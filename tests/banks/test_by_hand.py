"""One entry by hand: a lead adds it with a reason, and removes it with one; both are on record."""

import hashlib
import io

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse
from PIL import Image

from media import pdq
from moderation.actors import Actor
from moderation.banks import by_hand, counting, importing, own, scans
from moderation.models import BankEntry, Case
from moderation.services import Request, decide
from tests.banks.conftest import data, deliver, hash_of
from tests.console.conftest import as_, fresh, people, visit
from tests.factories import make_person, make_reason
from tests.media import samples

__all__ = ["as_", "fresh", "people", "visit"]
pytestmark = pytest.mark.django_db

ADD = reverse("admin:moderation_bankentry_add")
LIST = reverse("admin:moderation_bankentry_changelist")


def upload(content: bytes, name: str = "known.jpg") -> io.BytesIO:
    file = io.BytesIO(content)
    file.name = name
    return file


@pytest.fixture
def form(bank):
    """A form that is right but for how the picture is given."""
    made = bank(action="first", reason="")

    def fill(**fields):
        return {"bank": made.pk, "label": "march", "note": "a partner wrote", **fields}

    return fill


def errors(answer) -> dict[str, str]:
    assert answer.status_code == 200
    return {name: str(said[0]) for name, said in answer.context["adminform"].form.errors.items()}


def test_a_picture_is_added_by_its_hashes_and_is_in_force_at_once(as_, form, people, arrive):
    held = arrive(data(quality=40))
    answer = as_("lead").post(ADD, form(picture=upload(data())))
    assert answer.status_code == 302

    entry = BankEntry.objects.get()
    assert bytes(entry.pdq) == pdq.pdq_of(Image.open(io.BytesIO(data()))).pdq
    assert bytes(entry.sha256) == hashlib.sha256(data()).digest()
    assert (entry.added_by, entry.note, entry.label) == (
        people["lead"].pk,
        "a partner wrote",
        "march",
    )
    assert counting.counts()[entry.bank_id].entries == 1
    logged = LogEntry.objects.get(content_type__model="bankentry")
    assert (logged.user, logged.is_addition()) == (people["lead"], True)
    assert arrive(data(quality=60)).pk in known_pictures()
    scans.work(seconds=60)
    assert held.pk in known_pictures()


def known_pictures():
    return set(
        Case.objects.filter(why__contains=["known_picture"]).values_list("subject_id", flat=True)
    )


@pytest.mark.parametrize("hashes", ["pdq", "sha256", "both"])
def test_hashes_are_added_as_they_would_be_imported(as_, form, hashes, bank):
    wanted = {"pdq_text": "ab" * 32, "sha256_text": "CD" * 32}
    if hashes != "both":
        wanted = {f"{hashes}_text": wanted[f"{hashes}_text"]}
    as_("lead").post(ADD, form(**wanted))

    entry = BankEntry.objects.get()
    assert entry.pdq is None or bytes(entry.pdq).hex() == wanted["pdq_text"]
    assert entry.sha256 is None or bytes(entry.sha256).hex() == wanted["sha256_text"].lower()
    lines = [
        "pdq,sha256,label",
        f"{wanted.get('pdq_text', '')},{wanted.get('sha256_text', '')},march",
    ]
    file = io.StringIO("\n".join(lines))
    (sums,) = importing.import_hashes(bank=entry.bank, file=file, by=None, note="")
    assert (sums.added, sums.changed, sums.unchanged) == (0, 0, 1)


@pytest.mark.parametrize("named", ["id", "address"])
def test_a_subject_is_picked_by_its_id_or_address(as_, form, arrive, named):
    subject = arrive(data())
    page = reverse("console:subject", args=subject.subject_key)
    as_("lead").post(ADD, form(subject=str(subject.pk) if named == "id" else f"http://x{page}"))

    entry = BankEntry.objects.get()
    assert bytes(entry.pdq) == hash_of(subject)
    assert (entry.subject_type, entry.subject_id) == subject.subject_key
    assert entry.quality > 50
    assert str(subject.pk) in as_("lead").get(LIST).content.decode()


def test_the_page_of_a_subject_leads_a_lead_to_the_form(as_, form, arrive):
    subject = arrive(data())
    page = reverse("console:subject", args=subject.subject_key)
    link = f"{ADD}?subject={subject.pk}"
    assert link in as_("lead").get(page).content.decode()
    assert link not in as_("moderator").get(page).content.decode()
    assert f'value="{subject.pk}"' in as_("lead").get(link).content.decode()


def test_a_flat_picture_is_known_by_its_bytes_alone_and_the_page_says_so(as_, form):
    flat = samples.encoded(Image.new("RGB", (300, 200), "red"), "PNG")
    answer = as_("lead").post(ADD, form(picture=upload(flat)), follow=True)

    entry = BankEntry.objects.get()
    assert (entry.pdq, bytes(entry.sha256)) == (None, hashlib.sha256(flat).digest())
    assert "by its bytes alone" in answer.content.decode()


WRONG = {
    "nothing": ({}, "__all__", "Give one"),
    "two ways": ({"pdq_text": "ab" * 32, "subject": "x"}, "__all__", "Give one"),
    "no reason": ({"pdq_text": "ab" * 32, "note": " "}, "note", "required"),
    "63 digits": ({"pdq_text": "a" * 63}, "pdq_text", "64 hexadecimal"),
    "no digits": ({"sha256_text": "xy" * 32}, "sha256_text", "64 hexadecimal"),
    "spaces": ({"pdq_text": "ab " * 21 + "a"}, "pdq_text", "64 hexadecimal"),
    "blanks in pairs": ({"sha256_text": "ab  " + "ab" * 30}, "sha256_text", "64 hexadecimal"),
    "no such subject": ({"subject": "0" * 32}, "subject", "no such subject"),
    "an expiry that has passed": (
        {"pdq_text": "ab" * 32, "expires_at_0": "2020-01-01", "expires_at_1": "00:00"},
        "expires_at", "passed",
    ),
    "a long label": ({"pdq_text": "ab" * 32, "label": "x" * 61}, "label", "60"),
    "a bank that is not there": ({"pdq_text": "ab" * 32, "bank": 0}, "bank", "valid choice"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_added_is_refused_beside_its_field(as_, form, case):
    fields, name, words = WRONG[case]
    assert words in errors(as_("lead").post(ADD, form(**fields)))[name]
    assert not BankEntry.objects.exists()


@pytest.mark.parametrize(
    "content", [b"<html>hello", b"", samples.jpeg()[:500], b"\x89PNG\r\n\x1a\n" + bytes(50)]
)
def test_a_file_that_is_no_picture_is_refused(as_, form, content):
    said = errors(as_("lead").post(ADD, form(picture=upload(content))))
    assert "empty" in said["picture"] or "no picture" in said["picture"]
    assert not BankEntry.objects.exists()


def test_a_huge_file_is_refused(as_, form, settings):
    settings.MEDIA_MAX_BYTES = 1024 * 1024
    said = errors(as_("lead").post(ADD, form(picture=upload(bytes(1024 * 1024 + 1)))))
    assert "larger than 1 MB" in said["picture"]


def test_the_same_once_more_is_refused_and_another_bank_may_have_it_too(as_, form, bank):
    client = as_("lead")
    client.post(ADD, form(picture=upload(data())))
    assert "already" in errors(client.post(ADD, form(picture=upload(data()))))["picture"]
    assert counting.counts()[BankEntry.objects.get().bank_id].entries == 1
    known = bytes(BankEntry.objects.get().pdq).hex()
    client.post(ADD, form(pdq_text=known))
    assert BankEntry.objects.count() == 2
    assert "already" in errors(client.post(ADD, form(pdq_text=known)))["pdq_text"]
    client.post(ADD, form(picture=upload(data()), bank=bank("other").pk))
    assert BankEntry.objects.count() == 3


def test_two_leads_at_once_leave_one_entry(form, people):
    wanted = form(pdq_text="ab" * 32)
    for _ in range(2):
        entry = BankEntry(bank_id=wanted["bank"], pdq=b"\xab" * 32, note="why")
        made = by_hand.present(bank_id=wanted["bank"], known=by_hand.Print(entry.pdq))
        if made is None:
            by_hand.add(entry=entry, by=people["lead"])
    with pytest.raises(by_hand.BadEntry):
        by_hand.add(
            entry=BankEntry(bank_id=wanted["bank"], pdq=b"\xab" * 32, note="why"),
            by=people["lead"],
        )
    assert BankEntry.objects.count() == counting.counts()[wanted["bank"]].entries == 1


def test_own_banks_are_not_offered(as_, form, bank):
    own_bank = bank("own", own=True)
    said = errors(as_("lead").post(ADD, form(bank=own_bank.pk, pdq_text="ab" * 32)))
    assert "valid choice" in said["bank"]


@pytest.mark.parametrize("role", ["viewer", "moderator", "operator"])
def test_nobody_but_leads_adds_or_removes(as_, form, role):
    client = as_(role)
    assert client.get(ADD).status_code == 403
    assert client.post(ADD, form(pdq_text="ab" * 32)).status_code == 403
    assert not BankEntry.objects.exists()
    as_("lead").post(ADD, form(pdq_text="ab" * 32))
    entry = BankEntry.objects.get()
    assert client.post(removal(entry), {"why": "no"}).status_code in {403, 404}
    client.post(LIST, {"action": "remove", "_selected_action": [entry.pk], "why": "no"})
    entry.refresh_from_db()
    assert entry.removed_at is None


def removal(entry) -> str:
    return reverse("admin:moderation_bankentry_take_out", args=[entry.pk])


def test_a_lead_removes_it_with_a_reason_and_it_comes_back_by_hand_alone(as_, form, people):
    client = as_("lead")
    client.post(ADD, form(pdq_text="ab" * 32))
    entry = BankEntry.objects.get()
    assert client.get(removal(entry)).status_code == 200
    assert client.post(removal(entry), {"why": " "}).status_code == 200
    entry.refresh_from_db()
    assert entry.removed_at is None
    client.post(removal(entry), {"why": "a mistake"})

    entry.refresh_from_db()
    assert (entry.removed_by, entry.removed_why) == (people["lead"].pk, "a mistake")
    assert counting.counts()[entry.bank_id].entries == 0
    trail = LogEntry.objects.filter(content_type__model="bankentry").order_by("-pk")
    assert "a mistake" in trail[0].change_message
    assert (
        "a mistake"
        in client.get(
            reverse("admin:moderation_bankentry_change", args=[entry.pk])
        ).content.decode()
    )

    file = io.StringIO(f"pdq,label\n{'ab' * 32},again\n")
    (sums,) = importing.import_hashes(bank=entry.bank, file=file, by=None, note="")
    assert (sums.added, sums.changed) == (0, 0)
    assert not BankEntry.objects.in_force().exists()

    client.post(ADD, form(pdq_text="ab" * 32, note="not a mistake"))
    back = BankEntry.objects.in_force().get()
    assert (back.pk, back.note, back.removed_why, back.scan) == (
        entry.pk,
        "not a mistake",
        "",
        None,
    )
    assert counting.counts()[entry.bank_id].entries == 1


def test_what_was_taken_out_of_an_own_bank_stays_out_until_somebody_decides_again(as_, arrive):
    make_reason("violence")
    lead = Actor.person(make_person(role="lead"))
    subject = arrive(data())

    def act(action, **words):
        decide(requests=[Request(action, subject=subject.subject_key, **words)], actor=lead)
        deliver()

    act("reject", reason="violence")
    entry = BankEntry.objects.get()
    as_("lead").post(removal(entry), {"why": "a mistake"})
    own.refresh([subject.subject_key])
    assert not BankEntry.objects.in_force().exists()

    act("approve")
    act("reject", reason="violence")
    assert BankEntry.objects.in_force().get().pk == entry.pk
    assert counting.counts()[entry.bank_id].entries == 1


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_in_a_browser_a_picture_is_added_and_removed(visit, bank, people, tmp_path):
    """With an upload, an error that keeps what was typed, and the removal's question."""
    bank("partners", action="first", reason="")
    file, other = tmp_path / "known.jpg", tmp_path / "known.txt"
    file.write_bytes(data())
    other.write_text("no picture")
    visitor = visit(people["lead"])
    page = visitor.open(LIST)
    page.click("a[href$='/bankentry/add/']")
    page.select_option("#id_bank", label="partners")
    page.fill("#id_label", "march")
    page.fill("#id_note", "a partner wrote")
    page.set_input_files("#id_picture", str(other))
    page.click("button[name=_save]")
    page.wait_for_selector("text=This is no picture that can be read")
    assert page.input_value("#id_note") == "a partner wrote"
    page.set_input_files("#id_picture", str(file))
    page.click("button[name=_save]")
    page.wait_for_selector("text=It is in force")
    entry = BankEntry.objects.get()
    assert entry.added_by == people["lead"].pk

    page = visitor.open(reverse("admin:moderation_bankentry_change", args=[entry.pk]))
    page.click("a[href$='/remove/']")
    page.fill("#id_why", "a mistake")
    page.click("form button[type=submit]:has-text('Remove')")
    page.wait_for_selector("text=Removed from the bank.")
    entry.refresh_from_db()
    assert entry.removed_why == "a mistake"
    assert not visitor.wrong
