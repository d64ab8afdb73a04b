"""Banks in the console: leads set the rules, everybody with a role reads, nobody counts rows."""

import pytest
from django.conf import settings
from django.urls import reverse

from moderation.actors import Actor
from moderation.banks import counting
from moderation.models import Bank, BankEntry, BankMatch, BankScan
from moderation.services import Request, decide
from tests.banks.conftest import add, data, deliver, hash_of
from tests.console.conftest import as_, fresh, people
from tests.factories import make_reason

__all__ = ["as_", "fresh", "people"]
pytestmark = pytest.mark.django_db

LISTS = ("bank", "bankentry", "bankmatch", "bankscan")


def url(model: str, *arguments) -> str:
    name = "change" if arguments else "changelist"
    return reverse(f"admin:moderation_{model}_{name}", args=arguments)


@pytest.fixture
def matched(bank, arrive):
    rejecting = bank()
    subject = arrive(data())
    entry = add(rejecting, pdq=hash_of(subject))
    counting.entries_changed([rejecting.pk], 1)
    arrive(data(quality=50))
    BankScan.objects.create(bank=rejecting, state="running", seen=30, expected=90)
    return entry


@pytest.mark.parametrize("role", ["viewer", "moderator", "lead"])
def test_every_list_and_record_opens(as_, matched, role):
    client = as_(role)
    for model in LISTS:
        assert client.get(url(model)).status_code == 200, model
    assert client.get(url("bank", matched.bank_id)).status_code == 200
    assert client.get(url("bankentry", matched.pk)).status_code == 200
    page = client.get(url("bank")).content.decode()
    assert "imported" in page
    assert "33 %" in client.get(url("bankscan")).content.decode()
    subject = BankMatch.objects.get().subject_id
    page = client.get(reverse("console:subject", args=["gallery.imagelog", subject]))
    assert url("bankmatch", BankMatch.objects.get().pk) in page.content.decode()


def test_the_page_of_a_bank_says_what_was_done_with_it(as_, matched):
    form = {"action": "mark", "threshold": 20, "sample_percent": 7, "active": "on"}
    as_("lead").post(url("bank", matched.bank_id), form)
    page = as_("viewer").get(url("bank", matched.bank_id)).content.decode()
    assert "Who did what" in page
    assert "· lead ·" in page
    assert "Changed Action" in page


def test_the_sidebar_leads_to_every_list(as_, matched):
    page = as_("viewer").get(reverse("admin:index")).content.decode()
    assert all(url(model) in page for model in LISTS)


def test_only_leads_change_a_bank_and_a_changed_rule_compares_anew(as_, matched):
    bank = Bank.objects.get()
    form = {
        "action": "first", "reason": "", "threshold": 20, "sample_percent": 7, "active": "on",
        "note": "from partners",
    }  # fmt: skip
    assert as_("moderator").post(url("bank", bank.pk), form).status_code == 403
    assert as_("lead").post(url("bank", bank.pk), form).status_code == 302

    bank.refresh_from_db()
    assert (bank.action, bank.threshold, bank.sample_percent) == ("first", 20, 7)
    assert BankScan.objects.filter(bank=bank, whole=True, state="waiting").count() == 1


def test_an_own_bank_that_is_new_or_takes_other_reasons_is_filled(as_, people, arrive):
    make_reason("violence")
    make_reason("nudity")
    subject = arrive(data())
    request = Request("reject", subject=subject.subject_key, reason="nudity")
    decide(requests=[request], actor=Actor.person(people["lead"]))
    deliver()
    form = {"slug": "late", "own": "on", "action": "first", "threshold": 31, "sample_percent": 5,
            "active": "on"}  # fmt: skip
    answer = as_("lead").post(reverse("admin:moderation_bank_add"), form)
    assert answer.status_code == 302
    deliver()
    bank = Bank.objects.get(slug="late")
    assert BankEntry.objects.get(bank=bank, removed_at=None).subject_id == subject.pk

    as_("lead").post(url("bank", bank.pk), form | {"reasons": ["violence"]})
    deliver()
    assert not BankEntry.objects.filter(bank=bank, removed_at=None).exists()


@pytest.mark.parametrize(
    "wrong", [{"threshold": 32}, {"sample_percent": 101}, {"reason": ""}, {"reason": "unknown"}]
)
def test_rules_that_cannot_be_are_refused_beside_their_field(as_, bank, wrong):
    made = bank()
    form = {
        "action": "reject", "reason": "violence", "threshold": 31, "sample_percent": 5, **wrong,
    }  # fmt: skip
    answer = as_("lead").post(url("bank", made.pk), form)

    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors.keys() == wrong.keys()


def test_a_lead_removes_an_entry_and_it_stays_as_removed(as_, matched):
    form = {"action": "remove", "_selected_action": [matched.pk], "why": "a mistake"}
    as_("moderator").post(url("bankentry"), form)
    as_("lead").post(url("bankentry"), form | {"why": " "})
    matched.refresh_from_db()
    assert matched.removed_at is None
    as_("lead").post(url("bankentry"), form)

    matched.refresh_from_db()
    assert matched.removed_at is not None
    assert matched.removed_by is not None
    assert matched.removed_why == "a mistake"
    assert counting.counts()[matched.bank_id].entries == 0


def test_a_lead_cancels_a_scan(as_, matched):
    scan = BankScan.objects.get()
    as_("lead").post(url("bankscan"), {"action": "cancel", "_selected_action": [scan.pk]})
    scan.refresh_from_db()
    assert scan.state == "cancelled"


def test_held_subjects_are_linked_for_leads_alone(as_, people, arrive):
    make_reason("minor-safety", severity="critical")
    subject = arrive(data())
    request = Request("reject", subject=subject.subject_key, reason="minor-safety")
    decide(requests=[request], actor=Actor.person(people["lead"]))
    deliver()

    for role, shown in (("moderator", False), ("lead", True)):
        page = as_(role).get(url("bankentry")).content.decode()
        assert (str(subject.pk) in page) is shown, role
    assert f"{settings.PUBLIC_URL}/media/" not in page


def test_lists_cost_the_same_queries_for_one_row_and_for_many(
    as_, bank, django_assert_max_num_queries
):
    made = bank()
    for number in range(30):
        add(made, pdq=bytes([number]) * 32)
    client = as_("lead")
    client.get(url("bankentry"))
    with django_assert_max_num_queries(25):
        client.get(url("bankentry"))
    assert BankEntry.objects.count() == 30
