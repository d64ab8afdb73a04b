"""Random sequences of actions by several people end as a small model of the table says."""

import uuid
from typing import ClassVar

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from moderation import audit
from moderation.actors import Actor
from moderation.models import Case, Decision
from moderation.services import Request, decide, undo
from tests.factories import make_image, make_person
from tests.moderation import model

PEOPLE = {
    "vera": "viewer",
    "alice": "moderator",
    "bob": "moderator",
    "chen": "lead",
    "dana": "lead",
}
ACTIONS = ["approve", "reject", "reopen", "escalate", "hold", "release", "purge"]
REASONS = ["", "violence", "minor-safety"]

deeds = st.tuples(
    st.sampled_from(sorted(PEOPLE)),
    st.integers(0, 2),
    st.sampled_from(ACTIONS),
    st.sampled_from(REASONS),
    st.sampled_from(["", "a note"]),
)
undoings = st.tuples(st.sampled_from(sorted(PEOPLE)), st.integers(0, 50))
histories = st.lists(st.one_of(deeds, undoings), min_size=1, max_size=14)


class TestRandomHistories(TestCase):
    """A class because hypothesis needs a fresh transaction for every example."""

    people: ClassVar[dict[str, Actor]]

    @classmethod
    def setUpTestData(cls) -> None:
        cls.people = {
            name: Actor.person(make_person(name, role=role)) for name, role in PEOPLE.items()
        }

    @given(
        histories,
        st.lists(st.sampled_from(["pending", "approved", "rejected"]), min_size=3, max_size=3),
    )
    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    def test_the_database_ends_as_the_model_does(self, history, seeds) -> None:
        images = [make_image(review_status=seed) for seed in seeds]
        things = [model.Thing(status=s, case="images" if s == "pending" else None) for s in seeds]
        batches: list[tuple[uuid.UUID, int]] = []
        for step in history:
            if len(step) == 5:
                _decide(step, self.people, images, things, batches)
            elif batches:
                _undo(step, self.people, images, things, batches)
            _compare(images, things)
        assert audit.verify().broken is None


def _decide(step, people, images, things, batches):
    name, index, action, reason, note = step
    thing, before = things[index], model.look(things[index])
    expected = model.act(thing, name, PEOPLE[name], action, reason, note)
    request = Request(action, subject=images[index].subject_key, reason=reason, note=note)
    made = decide(requests=[request], actor=people[name])
    assert made.results[0].status == expected, (step, before, made.results[0].error)
    if made.results[0].decision is not None:
        entry = model.Entry(made.batch, name, before, thing.guarded, thing.held)
        thing.history.append(entry)
        batches.append((made.batch, index))


def _undo(step, people, images, things, batches):
    name, pick = step
    batch, index = batches[pick % len(batches)]
    expected = model.undo(things[index], name, PEOPLE[name], batch)
    made = undo(batch=batch, actor=people[name])
    assert made.results[0].status == expected, (step, made.results[0].error)
    if expected == "applied":
        things[index].history.append(model.Entry(made.batch, name, {}, False, False, is_undo=True))
        batches.append((made.batch, index))


def _compare(images, things):
    for image, thing in zip(images, things, strict=True):
        image.refresh_from_db()
        case = Case.objects.filter(subject_id=image.pk).values_list("queue", flat=True).first()
        head = Decision.objects.filter(subject_id=image.pk).order_by("-id").first()
        assert {
            "status": image.review_status,
            "hidden": image.hidden,
            "held": image.held,
            "guarded": head.to_guarded if head else False,
            "case": case,
        } == model.look(thing)
