"""The moderation REST as a client sees it, over real HTTP."""

import json
import threading
import uuid
from collections import Counter

import httpx
import pytest

from accounts.enums import Scope
from accounts.keys import issue_key
from moderation.models import Case, Decision, IdempotencyRecord
from moderation.registry import queues
from tests.factories import case_of, make_asset, make_character, make_image, make_person

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def api(server):
    """A client for a person: `api("moderator")`, or for nobody: `api("")`."""
    opened = []

    def connect(role, name=""):
        headers = {}
        if role:
            user = make_person(name, role="" if role == "none" else role)
            scope = Scope.PUBLIC if role == "none" else Scope.MODERATION
            made = issue_key(user=user, scopes=[scope])
            headers = {"Authorization": f"Bearer {made.plain}"}
        client = httpx.Client(base_url=f"{server.url}/api/moderation/", headers=headers, timeout=60)
        opened.append(client)
        return client

    yield connect
    for client in opened:
        client.close()


def decide(client, *rows, key=None):
    headers = {"Content-Type": "application/json"} | ({"Idempotency-Key": key} if key else {})
    return client.post("decisions/", content=json.dumps({"decisions": list(rows)}), headers=headers)


def on(subject, action, **words):
    return {
        "subject": {"type": subject.subject_type(), "id": str(subject.pk)},
        "action": action,
        **words,
    }


def test_a_claim_has_the_documented_shape(api):
    image = make_image(prompt="two friends at the sea")
    answer = api("moderator").post("queues/images/claim/", json={"limit": 5}).json()
    (case,) = answer["cases"]
    assert answer["open"] == 1
    assert set(case) >= {
        "id", "queue", "kind", "priority", "opened_at", "due_at", "why", "family", "claim",
        "subject",
    }  # fmt: skip
    assert (case["queue"], case["kind"], case["why"], case["family"]) == (
        "images", "first_look", ["first_look"], None,
    )  # fmt: skip
    assert set(case["claim"]) == {"token", "expires_at"}
    subject = case["subject"]
    assert set(subject) >= {
        "type", "id", "review_status", "title", "text", "source", "upstream_id", "image", "context",
    }  # fmt: skip
    assert (subject["type"], subject["id"]) == ("gallery.imagelog", str(image.pk))
    assert subject["text"] == "two friends at the sea"
    assert case["opened_at"].endswith("Z")


def test_a_claimed_case_is_decided_once_and_undone(api):
    image = make_image()
    client = api("moderator")
    (case,) = client.post("queues/images/claim/", json={"limit": 1}).json()["cases"]
    row = {
        "case": case["id"],
        "claim_token": case["claim"]["token"],
        "action": "reject",
        "reason": "spam",
    }
    answer = decide(client, row).json()
    assert answer["results"][0] | {"decision": None} == {
        "subject": {"type": "gallery.imagelog", "id": str(image.pk)},
        "status": "applied", "review_status": "rejected", "decision": None, "error": None,
    }  # fmt: skip
    assert decide(client, row).json()["results"][0]["status"] == "conflict"
    undone = client.post(f"batches/{answer['batch']}/undo/").json()
    assert undone["results"][0]["status"] == "applied"
    assert undone["results"][0]["review_status"] == "pending"


def test_the_same_key_and_body_decides_once_and_another_body_is_a_conflict(api):
    image, other = make_image(), make_image()
    client = api("moderator")
    first = decide(client, on(image, "approve"), key="k-1")
    again = decide(client, on(image, "approve"), key="k-1")
    assert first.json() == again.json()
    assert Decision.objects.count() == 1
    assert decide(client, on(other, "approve"), key="k-1").status_code == 409
    assert decide(api("moderator"), on(other, "approve"), key="k-1").status_code == 200


def test_the_same_key_sent_by_many_at_once_decides_once(api):
    image = make_image()
    client = api("moderator")
    answers = []
    threads = [
        threading.Thread(
            target=lambda: answers.append(decide(client, on(image, "approve"), key="k").text)
        )
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(answers)) == 1 and len(answers) == 8
    assert Decision.objects.count() == 1 and IdempotencyRecord.objects.count() == 1


def test_bad_rows_get_their_own_result_and_the_others_are_decided(api):
    image = make_image()
    answer = decide(
        api("moderator"),
        "nonsense",
        {"action": "approve"},
        {"case": "x", "action": "approve"},
        on(image, "dance"),
        {"subject": {"type": "gallery.imagelog", "id": 7}, "action": "approve"},
        {"subject": {"type": "nothing.here", "id": str(uuid.uuid4())}, "action": "approve"},
        {"case": str(uuid.uuid4()), "claim_token": str(uuid.uuid4()), "action": "approve"},
        on(image, "approve", note="x" * 5000),
        on(image, "approve", note="\ud800"),
        on(image, "approve"),
    ).json()
    statuses = [result["status"] for result in answer["results"]]
    assert statuses[:6] == ["invalid"] * 6
    assert statuses[6:] == ["conflict", "invalid", "invalid", "applied"]


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b'{"decisions": []}', b'{"decisions": 5}', b"{", b"\xff\xfe",
     b'{"decisions": [' + b",".join([b"1"] * 1001) + b"]}"],
)  # fmt: skip
def test_a_body_that_is_no_list_of_decisions_is_a_problem_document(api, body):
    answer = api("moderator").post(
        "decisions/", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert set(answer.json()) == {"type", "title", "status", "detail", "errors"}


def test_sixty_four_claimers_at_once_never_get_the_same_case(api):
    for _ in range(256):
        make_image()
    clients = [api("moderator") for _ in range(64)]
    got: list[str] = []
    guard = threading.Lock()
    start = threading.Barrier(len(clients))

    def work(client):
        start.wait()
        while cases := client.post("queues/images/claim/", json={"limit": 3}).json()["cases"]:
            with guard:
                got.extend(case["id"] for case in cases)

    threads = [threading.Thread(target=work, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [pk for pk, times in Counter(got).items() if times > 1] == []
    assert len(got) + Case.objects.filter(claimed_by=None).count() == 256


def test_two_moderators_deciding_one_subject_at_once_one_applied_one_conflict(api):
    """Both hold a token for it: one was overtaken by the lease's end."""
    image = make_image()
    alice, bob = api("moderator"), api("moderator")
    rows = []
    for client in (alice, bob):
        (case,) = client.post("queues/images/claim/", json={"limit": 1}).json()["cases"]
        rows.append(
            {"case": case["id"], "claim_token": case["claim"]["token"], "action": "approve"}
        )
        Case.objects.update(claimed_until="2026-01-01T00:00:00Z")
    statuses = []
    threads = [
        threading.Thread(
            target=lambda c=client, r=row: statuses.append(
                decide(c, r).json()["results"][0]["status"]
            )
        )
        for client, row in zip((alice, bob), rows, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == ["applied", "conflict"]
    image.refresh_from_db()
    assert image.review_status == "approved"


def test_renewing_releasing_and_reading_what_i_hold(api):
    make_image(), make_image()
    client = api("moderator")
    claimed = client.post("queues/images/claim/", json={"limit": 2}).json()["cases"]
    assert [case["id"] for case in client.get("claims/").json()["cases"]] == [
        c["id"] for c in claimed
    ]
    assert len(client.post("claims/renew/").json()["cases"]) == 2
    assert client.post(f"cases/{claimed[0]['id']}/renew/").status_code == 200
    token = {"claim_token": claimed[0]["claim"]["token"]}
    assert client.post(f"cases/{claimed[0]['id']}/release/", json=token).status_code == 204
    assert client.post(f"cases/{claimed[0]['id']}/release/", json=token).status_code == 409
    assert client.post("claims/release/").json() == {"released": 1}
    assert client.get("claims/").json() == {"cases": []}
    again = client.post(f"cases/{claimed[1]['id']}/claim/").json()
    assert again["claim"]["token"] != claimed[1]["claim"]["token"]


def test_given_cases_are_claimed_in_one_request(api):
    client = api("moderator")
    ids = [str(case_of(make_image()).pk) for _ in range(3)]
    answer = client.post("claims/", json={"cases": [*ids, str(uuid.uuid4())]}).json()
    assert {case["id"] for case in answer["cases"]} == set(ids)
    assert {case["id"] for case in client.get("claims/").json()["cases"]} == set(ids)
    for bad in ({}, {"cases": []}, {"cases": ["x"]}, {"cases": ids * 40}):
        assert client.post("claims/", json=bad).status_code == 400


def test_a_skip_is_applied_without_a_decision(api):
    make_image()
    client = api("moderator")
    (case,) = client.post("queues/images/claim/", json={"limit": 1}).json()["cases"]
    row = {"case": case["id"], "claim_token": case["claim"]["token"], "action": "skip"}
    assert decide(client, row).json()["results"][0]["status"] == "applied"
    assert client.post("queues/images/claim/", json={"limit": 1}).json()["cases"] == []
    assert Decision.objects.count() == 0


def test_held_subjects_are_seen_by_leads_alone(api):
    image = make_image()
    moderator, lead = api("moderator"), api("lead")
    decide(moderator, on(image, "reject", reason="minor-safety"))
    path = f"subjects/gallery.imagelog/{image.pk}/"
    assert moderator.get(path).status_code == 404
    assert lead.get(path).status_code == 200
    for listing in ("subjects/?type=gallery.imagelog", "decisions/"):
        assert moderator.get(listing).json()["items"] == []
        assert len(lead.get(listing).json()["items"]) == 1


def test_a_subject_shows_its_timeline(api):
    image = make_image()
    client = api("moderator")
    decide(client, on(image, "approve", note="fine"))
    client.post(f"subjects/gallery.imagelog/{image.pk}/notes/", json={"text": "seen twice"})
    timeline = client.get(f"subjects/gallery.imagelog/{image.pk}/").json()["timeline"]
    assert [entry["event"] for entry in timeline] == ["created", "synced", "decision", "note"]


def test_lists_page_by_an_opaque_cursor(api):
    images = [make_image() for _ in range(5)]
    client = api("viewer")
    seen, cursor = [], ""
    while cursor is not None:
        page = client.get(
            "subjects/", params={"type": "gallery.imagelog", "limit": 2, "cursor": cursor}
        ).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert seen == [str(image.pk) for image in reversed(images)]
    assert client.get("subjects/", params={"cursor": "rubbish!"}).status_code == 400
    assert client.get("subjects/", params={"limit": "0"}).status_code == 400


def test_every_queue_of_the_registry_is_listed_with_its_counts(api):
    make_image(), make_image(), make_asset(), make_character()
    client = api("moderator")
    client.post("queues/images/claim/", json={"limit": 1})
    found = {queue["slug"]: queue for queue in client.get("queues/").json()}
    assert list(found) == list(queues())
    assert (found["images"]["open"], found["images"]["claimed"]) == (2, 1)
    assert (found["assets"]["open"], found["characters"]["open"]) == (1, 1)
    assert found["images"]["oldest_opened_at"] is not None


def test_the_first_policy_is_listed_and_minor_safety_has_the_first_digit(api):
    items = api("viewer").get("reasons/").json()["items"]
    assert len(items) == 12
    assert items[0] | {"guide": ""} == {
        "slug": "minor-safety", "label": "Minor safety", "severity": "critical", "version": 1,
        "digit": 1, "guide": "",
    }  # fmt: skip


READING = ["queues/", "decisions/", "subjects/", "reasons/", "me/", "sources/", "runs/"]
MODERATING = [
    ("POST", "queues/images/claim/"), ("GET", "claims/"), ("POST", "claims/renew/"),
    ("POST", "claims/release/"), ("POST", "decisions/"), ("POST", f"batches/{uuid.uuid4()}/undo/"),
    ("POST", f"cases/{uuid.uuid4()}/claim/"), ("POST", f"cases/{uuid.uuid4()}/renew/"),
    ("POST", f"cases/{uuid.uuid4()}/release/"),
]  # fmt: skip
OPERATING = [
    ("POST", "sources/none/sync/"), ("POST", f"runs/{uuid.uuid4()}/cancel/"),
    ("POST", f"faults/{uuid.uuid4()}/replay/"),
]  # fmt: skip


@pytest.mark.parametrize("role", ["", "none", "viewer", "moderator", "lead", "operator", "admin"])
def test_each_role_reaches_what_is_its_own_and_nothing_else(api, role):
    client = api(role)
    may = {
        "read": role not in ("", "none"),
        "moderate": role in ("moderator", "lead", "admin"),
        "operate": role in ("operator", "admin"),
    }
    calls = [("read", "GET", path) for path in READING]
    calls += [("moderate", *call) for call in MODERATING]
    calls += [("operate", *call) for call in OPERATING]
    for need, method, path in calls:
        status = client.request(method, path, json={} if method == "POST" else None).status_code
        refused = status == (401 if role == "" else 403)
        assert refused != may[need], (role, method, path, status)


def test_a_key_without_the_scope_opens_nothing(server):
    made = issue_key(user=make_person(role="lead"), scopes=[Scope.PUBLIC])
    answer = httpx.get(
        f"{server.url}/api/moderation/queues/", headers={"Authorization": f"Bearer {made.plain}"}
    )
    assert answer.status_code == 403


def test_case_of_another_queue_is_not_decided_by_a_moderator(api):
    image = make_image()
    decide(api("moderator"), on(image, "escalate", note="unsure"))
    assert case_of(image).queue == "escalations"
    assert api("moderator").post("queues/escalations/claim/", json={}).status_code == 403
    (case,) = api("lead").post("queues/escalations/claim/", json={}).json()["cases"]
    assert case["subject"]["type"] == "gallery.imagelog"


def test_an_unknown_address_below_the_api_is_a_problem_document(server):
    answer = httpx.get(f"{server.url}/api/moderation/nothing/here/")
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("application/problem+json")
