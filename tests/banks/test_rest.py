"""`match/` over real HTTP: hashes, pictures and links, each with its own answer, in order."""

import base64
import io

import httpx
import pytest
from PIL import Image

from accounts.enums import Scope
from accounts.keys import issue_key
from media import pdq, services
from moderation.actors import Actor
from moderation.banks.matching import SHOWN
from moderation.services import Request, decide
from tests.banks.conftest import add, data, deliver, hash_of, picture
from tests.factories import make_person, make_reason
from tests.media import samples

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def api(server):
    def connect(role):
        made = issue_key(user=make_person(role=role), scopes=[Scope.MODERATION])
        headers = {"Authorization": f"Bearer {made.plain}"}
        return httpx.Client(base_url=f"{server.url}/api/moderation/", headers=headers, timeout=60)

    return connect


def results(answer):
    assert answer.status_code == 200, answer.text
    return answer.json()["results"]


def test_hashes_are_answered_in_order_with_the_documented_shape(api, bank):
    near = pdq.pdq_of(picture()).pdq
    add(bank(), pdq=near, label="a scene")
    turned = bytes([near[0] ^ 0b111, *near[1:]])
    sent = [{"pdq": bytes(32).hex()}, {"pdq": turned.hex()}, {"pdq": near.hex().upper()}]

    found = results(api("viewer").post("match/", json={"hashes": sent}))

    match = {"bank": "imported", "label": "a scene", "action": "reject", "subject": None}
    assert [each["matches"] for each in found] == [
        [], [match | {"distance": 3}], [match | {"distance": 0}],
    ]  # fmt: skip
    assert found[1] == {"pdq": turned.hex(), "quality": None, "matches": found[1]["matches"]}


def test_a_bad_item_has_an_error_of_its_own(api, bank):
    known = pdq.pdq_of(picture()).pdq.hex()
    add(bank(), pdq=bytes.fromhex(known))
    sent = [{"pdq": known[:-1]}, {"pdq": known}, 7, {}, {"pdq": 5}, {"sha256": "zz" * 32}]

    found = results(api("viewer").post("match/", json={"hashes": sent}))

    assert [set(each) for each in found] == [
        {"error"}, {"pdq", "quality", "matches"}, *[{"error"}] * 4,
    ]  # fmt: skip


def test_of_a_crowd_the_nearest_are_told_and_how_many_more_there_are(api, bank):
    known, spam = pdq.pdq_of(picture()).pdq, bank()
    for _ in range(SHOWN + 3):
        add(spam, pdq=known)
    sent = [{"pdq": each} for each in (known.hex(), bytes(32).hex())]

    crowded, none = results(api("viewer").post("match/", json={"hashes": sent}))

    assert (len(crowded["matches"]), crowded["more"]) == (SHOWN, 3)
    assert none == {"pdq": bytes(32).hex(), "quality": None, "matches": []}


def test_blanks_are_no_digits_and_shift_no_answers(api, bank):
    known = pdq.pdq_of(picture()).pdq.hex()
    add(bank(), pdq=bytes.fromhex(known))
    odd = [known[:62] + end for end in ("  ", " \t", "a\n", "\u0661\u0662")]
    sent = [{"pdq": each} for each in odd * 8] + [{"sha256": odd[0]}, {"pdq": known}]

    found = results(api("viewer").post("match/", json={"hashes": sent}))

    assert all(set(each) == {"error"} for each in found[:-1])
    assert [hit["distance"] for hit in found[-1]["matches"]] == [0]


def test_pictures_are_hashed_here_and_flat_ones_say_so(api, bank):
    add(bank(), pdq=pdq.pdq_of(picture()).pdq)
    flat = samples.encoded(Image.new("RGB", (90, 90), "red"), "PNG")
    sent = [data(quality=70, side=350), flat, b"<html>", samples.jpeg()[:500]]
    images = [base64.b64encode(each).decode() for each in sent] + ["no base64!"]

    found = results(api("moderator").post("match/", json={"images": images}))

    assert [hit["bank"] for hit in found[0]["matches"]] == ["imported"]
    assert found[0]["quality"] > 50
    assert (found[1]["pdq"], found[1]["quality"], found[1]["matches"]) == (None, 0, [])
    assert all(set(each) == {"error"} for each in found[2:])


def test_our_own_links_are_looked_up_for_whom_they_work(api, bank, arrive, settings):
    subject = arrive(data())
    add(bank(), pdq=hash_of(subject))
    made = services.pictures(
        subject_ids=[subject.pk], purpose="claim", user_id=None, ttl=600
    )  # fmt: skip
    link = made[subject.pk].url

    found = results(
        api("viewer").post("match/", json={"urls": [link, link[:-9] + "x.jpg", "http://x/y", 3]})
    )

    assert [hit["distance"] for hit in found[0]["matches"]] == [0]
    assert all(set(each) == {"error"} for each in found[1:])


def test_held_subjects_are_named_to_leads_alone(api, arrive):
    make_reason("minor-safety", severity="critical")
    lead = make_person(role="lead")
    subject = arrive(data())
    decide(
        requests=[Request("reject", subject=subject.subject_key, reason="minor-safety")],
        actor=Actor.person(lead),
    )
    deliver()
    sent = {"hashes": [{"pdq": hash_of(subject).hex()}]}

    for role, named in (("moderator", None), ("lead", str(subject.pk))):
        (match,) = results(api(role).post("match/", json=sent))[0]["matches"]
        assert (match["subject"] and match["subject"]["id"]) == named, role


@pytest.mark.parametrize(
    "body",
    [
        {}, {"hashes": []}, {"hashes": "x"}, {"hashes": [{"pdq": "0" * 64}] * 1001}, [],
        {"hashes": [{"pdq": "0" * 64}], "images": ["eA=="]},
    ],
)  # fmt: skip
def test_a_request_of_no_form_is_a_problem_document(api, body):
    answer = api("viewer").post("match/", json=body)

    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


def test_other_bad_requests(api, server):
    client = api("viewer")
    assert client.post("match/", content=b"{").status_code == 400
    assert client.post("match/", content=io.BytesIO(bytes(33 << 20)).getvalue()).status_code == 413
    assert client.get("match/").status_code == 405
    assert httpx.post(f"{server.url}/api/moderation/match/", json={}).status_code == 401


def test_a_thousand_hashes_and_new_entries_at_once(api, bank):
    """The server is another thread's index: it knows entries as soon as they are committed."""
    client, rejecting = api("viewer"), bank()
    near = pdq.pdq_of(picture()).pdq
    sent = {"hashes": [{"pdq": near.hex()}] * 1000}
    assert not any(each["matches"] for each in results(client.post("match/", json=sent)))
    entry = add(rejecting, pdq=near)
    assert all(each["matches"] for each in results(client.post("match/", json=sent)))
    entry.delete()
    assert not any(each["matches"] for each in results(client.post("match/", json=sent)))
