"""One meaning of "a decision": every place that counts them says the same."""

import pytest

from moderation import cases, flow
from moderation.actors import Actor
from moderation.services import Request, decide, undo
from tests.factories import make_image, make_reason

REASON = {"reason": "violence"}


def act(actor, action, subject, **words):
    wanted = [Request(action=action, subject=subject.subject_key, **words)]
    result = decide(requests=wanted, actor=actor)
    assert [each.status for each in result.results] == ["applied"]
    return result


def counts(browser):
    """What each place says: the dashboard, the API, the last day by hour and by person."""
    page = browser.get("/admin/").context
    day = flow.last_day()
    return {
        "today": page["my_day"]["today"],
        "shift": page["my_day"]["shift"],
        "by action": sum(number for _action, number in page["my_day"]["actions"]),
        "me": browser.get("/api/moderation/me/").json()["decisions_today"],
        "by hour": sum(decided for _hour, _arrived, decided in day.hours),
        "by person": sum(each.total for each in day.work),
    }


@pytest.fixture
def lead(people):
    """In a shift, so that the figures of the shift are there."""
    make_reason("violence")
    make_image()
    cases.claim(user=people["lead"], queue="images", limit=1)
    return Actor.person(people["lead"])


def test_an_undone_decision_counts_nowhere_and_what_follows_from_one_is_none(as_, lead):
    browser = as_("lead")
    kept, slip, spoiled, escalated = (make_image() for _ in range(4))
    act(lead, "approve", kept)
    batch = act(lead, "approve", slip).batch
    assert set(counts(browser).values()) == {2}
    undo(batch=batch, actor=lead)
    assert set(counts(browser).values()) == {1}
    act(lead, "reject", spoiled, **REASON)
    act(lead, "purge", spoiled, **REASON)
    assert set(counts(browser).values()) == {2}
    assert flow.last_day().reasons == [("violence", 1)]
    act(lead, "escalate", escalated, note="ours?")
    for action in ("hold", "release", "reopen"):
        act(lead, action, kept, note="court order")
    assert set(counts(browser).values()) == {3}


def test_a_case_whose_decision_was_undone_arrived_once(lead):
    before = sum(arrived for _hour, arrived, _decided in flow.last_day().hours)
    image = make_image()
    undo(batch=act(lead, "approve", image).batch, actor=lead)
    assert sum(arrived for _hour, arrived, _decided in flow.last_day().hours) == before + 1
