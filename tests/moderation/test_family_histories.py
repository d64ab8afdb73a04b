"""Properties of families: the same end as one by one, and nobody's hands meet, whatever happens."""

import uuid
from datetime import timedelta
from typing import Any, ClassVar

from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts.models import User
from gallery.models import ImageLog
from moderation import audit, cases, comparing, families
from moderation.actors import Actor
from moderation.api.deciding import decide_once
from moderation.enums import CaseKind
from moderation.errors import StaleClaim
from moderation.models import Case, Decision
from moderation.services import undo
from tests.factories import make_case, make_person
from tests.moderation.looks import a_hash, make_family, make_images

ACTIONS = st.sampled_from(["approve", "reject", "escalate", "skip"])
# Families by size, what is done with each, and which members go their own way before.
PLANS = st.lists(
    st.tuples(
        st.integers(1, 5), ACTIONS, st.dictionaries(st.integers(0, 4), ACTIONS, max_size=2)
    ),
    min_size=1, max_size=4,
)  # fmt: skip
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["claim", "family", "peel", "open", "undo", "expire", "release", "report", "arrive"]
        ),
        st.sampled_from(["alice", "bob"]),
        ACTIONS,
        st.integers(0, 30),
    ),
    min_size=4, max_size=16,
)  # fmt: skip


def row_of(case: Case, action: str, *, family: bool) -> dict[str, Any]:
    what = {"family": str(case.family)} if family else {"case": str(case.pk)}
    words = {"reason": "violence", "note": "why", "seen": "thumb"}
    return {**what, "claim_token": str(case.claim_token), "action": action, **words}


def ask(user: User, *rows: dict[str, Any]) -> dict[str, Any]:
    return decide_once(rows=rows, user=user, key=None, body=b"")


class TestFamilyHistories(TestCase):
    """A class because hypothesis needs a fresh transaction for every example."""

    people: ClassVar[dict[str, User]]

    @classmethod
    def setUpTestData(cls) -> None:
        cls.people = {name: make_person(name, role="moderator") for name in ("alice", "bob")}

    @given(PLANS)
    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
    def test_families_end_as_one_by_one_does(self, plans) -> None:
        burst = {
            image.pk: (plan, place)
            for plan in plans
            for place, image in enumerate(make_family(plan[0]))
        }
        ends = []
        for by_family in (True, False):
            point = transaction.savepoint()
            ends.append(_decide_all(self.people["alice"], burst, by_family=by_family))
            transaction.savepoint_rollback(point)
        assert ends[0] == ends[1]

    @given(STEPS)
    @settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
    def test_whatever_two_people_do_no_family_is_in_both_hands(self, steps) -> None:
        desk = Desk(self.people)
        for kind, name, action, pick in steps:
            desk.step(kind, name, action, pick)
            desk.check()
        assert audit.verify().broken is None


def _decide_all(user: User, burst: dict[uuid.UUID, Any], *, by_family: bool) -> Any:
    claimed = cases.claim(user=user, queue="images", limit=100)
    rows = []
    whole: dict[uuid.UUID, tuple[Case, str]] = {}
    for case in claimed:
        (_, action, own), place = burst[case.subject_id]
        if place in own:
            rows.append(row_of(case, own[place], family=False))
        elif by_family and case.family is not None:
            whole.setdefault(case.family, (case, action))
        else:
            rows.append(row_of(case, action, family=False))
    rows += [row_of(case, action, family=True) for case, action in whole.values()]
    statuses = {each["status"] for each in ask(user, *rows)["results"]}
    assert statuses == {"applied"}
    return _state(burst)


def _state(subject_ids) -> dict[Any, Any]:
    """Of each subject: its own log rows without ids, times and hashes, and its case."""
    log: dict[Any, list[Any]] = {pk: [] for pk in subject_ids}
    for row in Decision.objects.filter(subject_id__in=log).order_by("id"):
        log[row.subject_id].append(
            (row.action, row.from_status, row.to_status, row.to_hidden, row.to_held, row.reason,
             row.seen, row.actor_id, row.case_id, row.case_family)
        )  # fmt: skip
    found = Case.objects.filter(subject_id__in=log)
    open_cases = {row[0]: row[1:] for row in found.values_list("subject_id", "queue", "claimed_by")}
    return {pk: (rows, open_cases.get(pk)) for pk, rows in log.items()}


class Desk:
    """Two people at one queue, and what each of them believes to hold."""

    def __init__(self, people: dict[str, User]) -> None:
        self.people = people
        self.looks = [a_hash() for _ in range(3)]
        self.images = [image for look in self.looks for image in make_family(4, look)]
        self.hands: dict[str, list[Case]] = {"alice": [], "bob": []}
        self.claimed: dict[uuid.UUID, set[uuid.UUID]] = {}
        self.batches: list[tuple[str, uuid.UUID]] = []

    def step(self, kind: str, name: str, action: str, pick: int) -> None:
        getattr(self, f"_{kind}")(name, action, pick)

    def _chosen(self, name: str, pick: int) -> Case | None:
        hand = self.hands[name]
        return hand[pick % len(hand)] if hand else None

    def _claim(self, name: str, action: str, pick: int) -> None:
        found = cases.claim(user=self.people[name], queue="images", limit=1 + pick % 3)
        self.hands[name] += found
        for case in found:
            if case.family is not None and case.claim_token is not None:
                members = {each.pk for each in found if each.family == case.family}
                self.claimed[case.claim_token] = members

    def _answer(self, name: str, row: dict[str, Any]) -> None:
        self.batches.append((name, uuid.UUID(ask(self.people[name], row)["batch"])))

    def _family(self, name: str, action: str, pick: int) -> None:
        case = self._chosen(name, pick)
        if case is None or case.family is None or case.claim_token is None:
            return
        key = (case.family, case.claim_token)
        meant = families.members([key]).get(key, [])
        assert set(meant) <= self.claimed[case.claim_token]
        self._answer(name, row_of(case, action, family=True))

    def _peel(self, name: str, action: str, pick: int) -> None:
        if case := self._chosen(name, pick):
            self._answer(name, row_of(case, action, family=False))

    def _open(self, name: str, action: str, pick: int) -> None:
        case = Case.objects.order_by("id")[pick % max(1, Case.objects.count()) :].first()
        if case is None or case.queue != "images":
            return
        try:
            self.hands[name].append(cases.claim_one(user=self.people[name], case_id=case.pk))
        except StaleClaim:
            return

    def _undo(self, name: str, action: str, pick: int) -> None:
        if self.batches:
            _, batch = self.batches[pick % len(self.batches)]
            if Decision.objects.filter(batch=batch).exists():
                undo(batch=batch, actor=Actor.person(self.people[name]))

    def _expire(self, name: str, action: str, pick: int) -> None:
        past = timezone.now() - timedelta(seconds=1)
        Case.objects.filter(claimed_by=self.people[name]).update(claimed_until=past)

    def _release(self, name: str, action: str, pick: int) -> None:
        cases.release_all(user=self.people[name])

    def _report(self, name: str, action: str, pick: int) -> None:
        image = self.images[pick % len(self.images)]
        if Case.objects.filter(subject_id=image.pk).exists():
            make_case(image, kind=CaseKind.REPORT, why=["reported"], priority=70)

    def _arrive(self, name: str, action: str, pick: int) -> None:
        self.images += make_images(1, self.looks[pick % 3])
        comparing.compare_open()

    def check(self) -> None:
        by_family: dict[uuid.UUID, set[Any]] = {}
        for case in Case.objects.filter(family__isnull=False):
            assert (case.queue, case.kind) == ("images", "first_look")
            if case.claimed_by_id is not None and case.family is not None:
                holder = (case.claimed_by_id, case.claim_token)
                by_family.setdefault(case.family, set()).add(holder)
        assert all(len(holders) == 1 for holders in by_family.values())
        ids = [image.pk for image in self.images]
        last = dict(
            Decision.objects.filter(subject_id__in=ids)
            .order_by("id")
            .values_list("subject_id", "to_status")
        )
        waiting = set(Case.objects.values_list("subject_id", flat=True))
        for pk, status in ImageLog.objects.filter(pk__in=ids).values_list("pk", "review_status"):
            assert status == last.get(pk, "pending")
            assert (pk in waiting) == (status == "pending")
