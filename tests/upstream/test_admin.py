"""Sources, runs and failed records in the admin: secrets go in and never come out."""

import pytest

from tests.factories import make_fault, make_run, make_source
from upstream.enums import RunStatus
from upstream.models import Source

URL = "/admin/upstream/source/"
SECRETS = {
    "token": "tok-1234567", "refresh_token": "ref-1234567",
    "key": "key-1234567", "secret": "sec-1234567",
}  # fmt: skip
FORM = {
    "name": "gallery-eu", "kind": "gallery", "base_url": "https://api.example.com",
    "enabled": "on", "every_minutes": "15", "characters_sources": "", "trust_approvals": "on",
    "backend": "", "per_second": "20", "options": "{}",
}  # fmt: skip


@pytest.fixture
def source(db):
    return make_source("kept", **SECRETS)


def test_an_operator_adds_a_source_with_its_secrets(as_):
    answer = as_("operator").post(f"{URL}add/", FORM | SECRETS)
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    made = Source.objects.get(name="gallery-eu")
    assert {name: getattr(made, name) for name in SECRETS} == SECRETS
    assert (made.every_minutes, made.enabled) == (15, True)


def test_no_page_ever_shows_a_secret(as_, source):
    for role in ("viewer", "lead", "operator", "admin"):
        for url in (URL, f"{URL}{source.pk}/change/", "/admin/runs/", "/admin/"):
            page = as_(role).get(url).content.decode()
            for secret in SECRETS.values():
                assert secret not in page, (role, url)


def test_secrets_left_empty_are_kept_and_others_replaced(as_, source):
    url = f"{URL}{source.pk}/change/"
    blank = dict.fromkeys(SECRETS, "")
    answer = as_("operator").post(url, FORM | blank | {"token": "tok-new"})
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    source.refresh_from_db()
    assert source.token == "tok-new"
    assert (source.secret, source.key) == (SECRETS["secret"], SECRETS["key"])


def test_a_rejected_form_does_not_give_the_typed_secret_back(as_, source):
    url = f"{URL}{source.pk}/change/"
    answer = as_("operator").post(url, FORM | {"base_url": "nonsense", "token": "tok-typed"})
    assert answer.status_code == 200
    assert "tok-typed" not in answer.content.decode()


def test_a_name_never_changes_because_keys_and_identities_use_it(as_, source):
    as_("operator").post(f"{URL}{source.pk}/change/", FORM | {"name": "other", "kind": "assets"})
    source.refresh_from_db()
    assert (source.name, source.kind) == ("kept", "gallery")


def test_people_who_may_not_change_a_source_see_no_field_of_secrets(as_, source):
    url = f"{URL}{source.pk}/change/"
    page = as_("viewer").get(url).content.decode()
    assert "Credentials" not in page
    assert "Bearer token" not in page
    assert as_("lead").post(url, FORM).status_code == 403


def test_runs_are_filtered_and_open_their_own_page(as_):
    failed = make_run(status=RunStatus.FAILED)
    make_run()
    page = as_("viewer").get("/admin/upstream/syncrun/", {"status": "failed"})
    assert page.context["cl"].result_list == [failed]
    answer = as_("viewer").get(f"/admin/upstream/syncrun/{failed.pk}/change/")
    assert answer["Location"] == f"/admin/runs/{failed.pk}/"


def test_failed_records_are_filtered_by_source_and_state(as_):
    run = make_run(source=make_source("one"))
    fault = make_fault(run)
    make_fault(make_run(source=make_source("two")))
    page = as_("viewer").get("/admin/upstream/fault/", {"source": "one", "state": "open"})
    assert page.context["cl"].result_list == [fault]
    page = as_("viewer").get("/admin/upstream/fault/", {"state": "taken"})
    assert page.context["cl"].result_list == []
