"""What the review means for clients: what is shown to whom, and what a change opens."""

import pytest

from moderation import cases, outbox
from moderation.actors import Actor
from moderation.enums import Priority, Why
from moderation.models import Case, Decision
from moderation.registry import get_queue
from moderation.services import Request, decide, undo
from tests.characters.clients import act, key, key_of, own
from tests.characters.test_avatars import avatar, gone, uploaded
from tests.factories import case_of, make_character, make_person
from tests.media import samples
from tests.moderation.again import WAYS, approved, pending_again
from tests.moderation.test_words import add

pytestmark = pytest.mark.django_db(transaction=True)

LISTS = ("/characters/public", "/characters/search", "/characters")


def shown(client, item, reader=None):
    return client.status("GET", f"/characters/{item['id']}", reader)


def test_a_new_public_character_opens_a_case_and_shows_meanwhile(client5, alice):
    made = client5.create(alice, isPublic=True)
    case = case_of(own(made))
    assert (case.queue, case.kind, case.why, case.ready) == (
        "characters", "first_look", ["first_look"], True,
    )  # fmt: skip
    assert shown(client5, made) == 200


def test_a_private_one_opens_its_case_when_it_becomes_public(client5, alice):
    made = client5.create(alice)
    client5.put(made["id"], alice, name="Other")
    assert not Case.objects.exists()
    client5.put(made["id"], alice, name="Other", isPublic=True)
    assert case_of(own(made)).kind == "first_look"


def test_a_change_of_an_approved_one_is_looked_at_again(client5, alice):
    made = client5.create(alice, bio="before", isPublic=True)
    act("approve", own(made))
    client5.put(made["id"], alice, name="Mira", bio="after")
    character, case = own(made), case_of(own(made))
    assert (character.review_status, case.kind, case.why) == (
        "pending", "second_look", [Why.CHANGED],
    )  # fmt: skip
    last = Decision.objects.order_by("-pk").first()
    user = make_person("x")
    assert (last.action, last.actor_kind, last.from_status) == ("reopen", "author", "approved")
    assert last.actor_id is not None and last.actor_id != user.pk
    assert shown(client5, made) == 200
    context = get_queue("characters").contexts(
        get_queue("characters").load([character.pk]), user=user
    )[character.pk]
    (change,) = context["changes"]
    assert (change["field"], change["before"], change["after"]) == ("bio", "before", "after")
    assert change["words"] == [("gone", "before"), ("new", "after")]


def test_whoever_made_it_private_and_public_again_needs_no_second_look(client5, alice):
    made = client5.create(alice, isPublic=True)
    act("approve", own(made))
    client5.put(made["id"], alice, name="Mira", isPublic=False)
    client5.put(made["id"], alice, name="Mira", isPublic=True)
    assert own(made).review_status == "approved"
    assert not Case.objects.exists()


def test_nobody_approves_what_they_have_not_seen(client5, alice):
    made = client5.create(alice, isPublic=True)
    moderator = make_person(role="moderator")
    (case,) = cases.claim(user=moderator, queue="characters", limit=1)
    client5.put(made["id"], alice, name="Something else")
    request = Request("approve", case=case.pk, claim_token=case.claim_token)
    assert decide(requests=[request], actor=Actor.person(moderator)).results[0].status == "conflict"
    assert own(made).review_status == "pending"
    assert case_of(own(made)).why == ["first_look", "changed"]
    (again,) = cases.claim(user=moderator, queue="characters", limit=1)
    request = Request("approve", case=again.pk, claim_token=again.claim_token)
    assert decide(requests=[request], actor=Actor.person(moderator)).results[0].status == "applied"


STATES = {
    "rejected": [("reject", {"reason": "spam"})],
    "purged": [("reject", {"reason": "spam"}), ("purge", {"reason": "spam"})],
    "hidden": [("escalate", {"note": "?"})],
}


@pytest.mark.parametrize("name", STATES)
def test_refused_ones_exist_for_author_and_staff_only(client5, alice, bob, name):
    made = client5.create(alice, name="refused", isPublic=True)
    for action, words in STATES[name]:
        act(action, own(made), **words)
    staff = key_of(make_person(role="viewer"))
    for reader, status in ((None, 404), (bob, 404), (alice, 200), (staff, 200)):
        assert shown(client5, made, reader) == status
        path = f"/characters/{made['id']}/knowledge-bases"
        assert client5.status("GET", path, reader) == status
    for path in LISTS:
        assert client5.get(path, bob)["total"] == 0
    assert client5.names("/characters", alice) == ["refused"]
    assert client5.names("/characters/public", alice) == []
    assert client5.status("PUT", f"/characters/{made['id']}", bob, json={"name": "n"}) == 404
    expected = 409 if name == "purged" else 200
    path = f"/characters/{made['id']}"
    assert client5.status("PUT", path, alice, json={"name": "n"}) == expected
    assert client5.status("DELETE", path, alice) == 204


def test_a_private_and_rejected_one_is_unknown_not_private(client5, alice, bob):
    made = client5.create(alice)
    act("reject", own(made), reason="spam")
    assert shown(client5, made, bob) == 404


def test_a_held_one_appears_nowhere(client5, alice):
    made = client5.create(alice, name="held", isPublic=True)
    act("hold", own(made), note="evidence")
    for reader in (None, alice, key_of(make_person(role="lead"))):
        assert shown(client5, made, reader) == 404
    for path in LISTS:
        assert client5.get(path, alice)["total"] == 0
    for method, body in (("PUT", {"json": {"name": "n"}}), ("DELETE", {})):
        assert client5.status(method, f"/characters/{made['id']}", alice, **body) == 404


def test_a_rejected_one_stays_so_when_it_changes_and_is_looked_at_anew(client5, alice):
    made = client5.create(alice, isPublic=True)
    act("reject", own(made), role="moderator", reason="spam")
    client5.put(made["id"], alice, name="Better")
    case = case_of(own(made))
    assert (case.queue, case.kind, case.why) == ("characters", "second_look", ["changed"])
    assert own(made).review_status == "rejected"
    assert shown(client5, made) == 404
    act("approve", own(made), role="moderator")
    assert shown(client5, made) == 200
    assert not Case.objects.exists()


def test_what_only_a_lead_may_approve_goes_to_the_leads(client5, alice):
    made = client5.create(alice, isPublic=True)
    act("reject", own(made), role="lead", reason="spam")
    client5.put(made["id"], alice, name="Better")
    assert (case_of(own(made)).queue, case_of(own(made)).kind) == ("escalations", "escalation")


# --- CHARACTER_MODERATION=pre ---------------------------------------------------------------


def test_strict_shows_nothing_before_the_first_approval(strict, alice, bob):
    made = strict.create(alice, isPublic=True)
    assert (shown(strict, made), shown(strict, made, bob), shown(strict, made, alice)) == (
        404, 404, 200,
    )  # fmt: skip
    for path in LISTS[:2]:
        assert strict.get(path, bob)["total"] == 0
    act("approve", own(made))
    assert shown(strict, made) == 200
    assert strict.get("/characters/public")["total"] == 1


def test_strict_serves_the_version_that_was_approved_last(strict, alice, bob):
    made = strict.create(alice, name="One", bio="1", isPublic=True)
    act("approve", own(made))
    for step in ("Two", "Three"):
        strict.put(made["id"], alice, name=step, bio=step)
        for reader in (None, bob):
            assert strict.get(f"/characters/{made['id']}", reader)["name"] == "One"
            assert strict.names("/characters/public", reader) == ["One"]
        assert strict.get("/characters/public")["items"][0]["bio"] == "1"
        assert strict.get(f"/characters/{made['id']}", alice)["name"] == step
        assert strict.names("/characters", alice) == [step]
    act("approve", own(made))
    assert strict.names("/characters/public") == ["Three"]
    strict.put(made["id"], alice, name="Four")
    assert strict.names("/characters/public") == ["Three"]
    act("reject", own(made), reason="spam")
    assert strict.names("/characters/public") == []
    assert shown(strict, made) == 404


def test_strict_serves_nothing_that_somebody_took_back(strict, alice):
    made = strict.create(alice, isPublic=True)
    act("approve", own(made))
    act("reopen", own(made), note="second thoughts")
    assert shown(strict, made) == 404
    strict.put(made["id"], alice, name="Changed")
    assert shown(strict, made) == 404


def test_strict_forgets_an_approval_that_was_undone(strict, alice):
    made = strict.create(alice, name="One", isPublic=True)
    act("approve", own(made))
    strict.put(made["id"], alice, name="Two")
    lead = Actor.person(make_person(role="lead"))
    request = Request("approve", subject=own(made).subject_key)
    batch = decide(requests=[request], actor=lead).batch
    assert strict.names("/characters/public") == ["Two"]
    undo(batch=batch, actor=lead)
    assert strict.names("/characters/public") == []
    act("approve", own(made))
    assert strict.names("/characters/public") == ["Two"]


def test_strict_keeps_showing_what_a_hold_does_not_touch(strict, alice):
    made = strict.create(alice, name="One", isPublic=True)
    act("approve", own(made))
    strict.put(made["id"], alice, name="Two")
    act("hold", own(made), note="evidence")
    assert shown(strict, made) == 404
    act("release", own(made), note="no evidence")
    assert strict.names("/characters/public") == ["One"]


def test_strict_serves_what_upstream_approved_until_it_is_approved_here(strict, source, alice):
    row = make_character(
        source=source, author_id="u1", name="Up", review_status="approved", seed="approved"
    )
    author = key("author", (source, "u1"))
    assert strict.names("/characters/public") == ["Up"]
    strict.put(str(row.pk), author, name="Changed")
    assert strict.names("/characters/public") == ["Up"]
    act("approve", row)
    assert strict.names("/characters/public") == ["Changed"]


def test_strict_finds_an_approved_version_by_its_name(strict, alice, bob):
    made = strict.create(alice, name="Old name", isPublic=True)
    act("approve", own(made))
    strict.put(made["id"], alice, name="Another")
    assert strict.names("/characters/search", bob, q="old") == ["Old name"]


def test_a_change_is_offered_to_whoever_approved_before(client5, alice):
    made = client5.create(alice, isPublic=True)
    moderator = make_person(role="moderator")
    request = Request("approve", subject=own(made).subject_key)
    decide(requests=[request], actor=Actor.person(moderator))
    client5.put(made["id"], alice, name="Other")
    assert len(cases.claim(user=moderator, queue="characters", limit=1)) == 1


def test_words_of_the_list_raise_the_case(client5, alice):
    add("zeppelin", severity="high")
    made = client5.create(alice, isPublic=True)
    client5.put(made["id"], alice, name="Mira", originPrompt="a zeppelin")
    outbox.deliver()
    case = case_of(own(made))
    assert Why.FLAGGED_TEXT in case.why and case.priority == Priority.HIGH


def test_an_author_can_do_nothing_but_have_it_looked_at_again(alice, client5):
    made = client5.create(alice, isPublic=True)
    for action in ("approve", "reject", "purge", "release", "escalate"):
        request = Request(action, subject=own(made).subject_key, reason="spam", note="n")
        result = decide(requests=[request], actor=Actor.author()).results[0]
        assert result.status == "forbidden"


@pytest.mark.parametrize("way", WAYS)
def test_an_avatars_link_ends_when_its_character_is_pending_again(client5, alice, way):
    made = client5.create(alice, isPublic=True)
    uploaded(client5, made, alice, samples.png())
    batch = approved(own(made))
    url = avatar(client5, made)
    assert not gone(url)
    pending_again(way, own(made), batch)
    assert gone(url)
    assert not gone(avatar(client5, made))
