"""Families as a client sees them: one row decides every case of one that it still holds."""

import pytest

from moderation.models import Case, Decision
from tests.factories import make_image
from tests.moderation.looks import families_of, make_family
from tests.moderation.test_rest import api, decide

__all__ = ["api"]

pytestmark = pytest.mark.django_db(transaction=True)


def claim(client, limit=1):
    return client.post("queues/images/claim/", json={"limit": limit}).json()["cases"]


def on_family(case, action, **words):
    token = case["claim"]["token"]
    return {"family": case["family"], "claim_token": token, "action": action, **words}


def on_case(case, action, **words):
    return {"case": case["id"], "claim_token": case["claim"]["token"], "action": action, **words}


def test_a_family_is_decided_by_one_row_and_undone_as_one(api):
    client = api("moderator")
    burst = make_family(40)
    single = make_image()
    found = claim(client, 41)
    assert [case["family"] for case in found] == [str(families_of(burst[0])[0])] * 40 + [None]
    row = on_family(found[0], "reject", reason="violence", note="all of them", seen="thumb")
    answer = decide(client, row, on_case(found[40], "approve"), key="once").json()
    assert len(answer["results"]) == 41
    assert {each["status"] for each in answer["results"]} == {"applied"}
    assert [each["row"] for each in answer["results"]] == [0] * 40 + [1]
    assert [each["subject"]["id"] for each in answer["results"]] == [
        str(image.pk) for image in [*burst, single]
    ]
    rows = Decision.objects.filter(batch=answer["batch"], action="reject")
    assert rows.count() == 40
    assert set(rows.values_list("reason", "note", "seen")) == {("violence", "all of them", "thumb")}
    assert decide(client, row, on_case(found[40], "approve"), key="once").json() == answer
    back = client.post(f"batches/{answer['batch']}/undo/").json()
    assert [each["review_status"] for each in back["results"]] == ["pending"] * 41
    assert len(set(families_of(*burst))) == 1


def test_a_member_is_peeled_off_and_then_the_rest_is_decided(api):
    client = api("moderator")
    make_family(5)
    found = claim(client)
    decide(client, on_case(found[2], "reject", reason="violence"))
    answer = decide(
        client,
        on_case(found[0], "skip"),
        on_case(found[1], "escalate", note="not sure"),
        on_family(found[0], "approve"),
    ).json()
    assert [(each["row"], each["status"], each["review_status"]) for each in answer["results"]] == [
        (0, "applied", None),
        (1, "applied", "pending"),
        (2, "applied", "approved"),
        (2, "applied", "approved"),
    ]
    assert Case.objects.count() == 2


def test_a_member_named_after_its_family_stands_twice(api):
    client = api("moderator")
    make_family(2)
    found = claim(client)
    answer = decide(
        client, on_family(found[0], "approve"), on_case(found[0], "reject", reason="violence")
    ).json()
    assert [each["status"] for each in answer["results"]] == ["applied", "applied", "conflict"]


def test_a_family_is_skipped_as_one(api):
    client, other = api("moderator"), api("moderator")
    make_family(3)
    found = claim(client)
    answer = decide(client, on_family(found[0], "skip")).json()
    assert [each["status"] for each in answer["results"]] == ["applied"] * 3
    assert claim(client) == []
    assert len(claim(other)) == 3


def test_a_stale_or_foreign_token_decides_nothing(api):
    client, other = api("moderator"), api("moderator")
    make_family(3)
    found = claim(client)
    client.post("claims/release/")
    theirs = claim(other)
    for row in [
        on_family(found[0], "approve"),
        {**on_family(theirs[0], "approve"), "family": found[0]["id"]},
    ]:
        (result,) = decide(client, row).json()["results"]
        assert (result["status"], result["subject"], result["row"]) == ("conflict", None, 0)
    assert Case.objects.count() == 3


def test_a_bad_family_row_says_what_is_wrong_and_fails_no_other(api):
    client = api("moderator")
    make_family(2)
    found = claim(client)
    good = on_family(found[0], "approve")
    answer = decide(
        client,
        {**good, "case": found[0]["id"]},
        {**good, "claim_token": None},
        {**good, "action": "purge"},
        {**good, "family": "all"},
        good,
    ).json()
    assert [(each["row"], each["status"]) for each in answer["results"]] == [
        *((place, "invalid") for place in range(4)),
        (4, "applied"),
        (4, "applied"),
    ]


def test_one_member_that_is_left_is_no_family(api):
    client = api("moderator")
    make_family(2)
    found = claim(client)
    decide(client, on_case(found[0], "approve"))
    client.post("claims/release/")
    (left,) = claim(client)
    assert left["family"] is None


def test_a_family_is_claimed_again_after_its_undo(api):
    client, other = api("moderator"), api("moderator")
    make_family(3)
    found = claim(client)
    answer = decide(client, on_family(found[0], "approve")).json()
    client.post(f"batches/{answer['batch']}/undo/")
    again = client.post(f"families/{found[0]['family']}/claim/").json()["cases"]
    assert [case["id"] for case in again] == [case["id"] for case in found]
    assert other.post(f"families/{found[0]['family']}/claim/").status_code == 409
