"""Claims and decisions: against plain psycopg, with and without leases, alone and in a crowd."""

from collections import Counter
from collections.abc import Iterator

import psycopg
from django.db import transaction
from django.utils import timezone

from bench import cluster, people
from bench.crowd import PROCESSES, Crowd, Shift
from bench.report import Figure
from bench.rounds import interleaved, median, median_ms, ratio, seconds
from bench.sizes import Size
from core.keys import uuid7
from gallery.models import ImageLog
from moderation import cases
from moderation.actors import Actor
from moderation.audit import GENESIS, HASHED, row_hash
from moderation.enums import Action, Outcome, ReviewStatus
from moderation.models import Case, Decision
from moderation.services import Request, decide

HANDS_FULL = cases.MAX_HELD
LIMIT = 20
# Processes among which the connections of those who decide are shared out.
DECIDERS = 4


def _crowded(size: Size) -> str:
    images, pending = size.crowd
    return cluster.template("crowd", images=images, pending=pending, people=size.people)


def decide_vs_raw(size: Size) -> Iterator[Figure]:
    """Claim 20, decide 20, log: the engine against the same statements in psycopg."""
    template = _crowded(size)
    twice = 0
    with Crowd(DECIDERS) as crowd:

        def rate(job: str) -> float:
            nonlocal twice
            database = cluster.clone("bench_run", template=template)
            shift = crowd.run(
                f"bench.jobs.{job}",
                database=database,
                threads=size.connections,
                seconds=size.seconds,
            )
            done = [pk for each in shift.results for pk in each]
            if job == "EngineWork":
                twice += _decided_twice(database, done)
            return len(done) / shift.seconds

        ours, raw = interleaved(size.rounds, lambda: rate("EngineWork"), lambda: rate("RawWork"))
        twice += _drain(crowd, template, size)
    yield Figure(
        "decide_vs_raw", ratio(ours, raw), 0.8, ours=median(ours), baseline=median(raw),
        measured="decisions/s",
        note=f"the same statements in psycopg, prepared; {size.connections} connections",
    )  # fmt: skip
    yield Figure(
        "claim_duplicates", twice, 0, unit="cases", at_most=True, baseline=0,
        note=f"of {size.crowd[1]:,} and more decisions, {size.connections} connections",
    )  # fmt: skip


def _drain(crowd: Crowd, template: str, size: Size) -> int:
    """Empties a whole queue; every case must have been decided, once."""
    database = cluster.clone("bench_run", template=template)
    shift = crowd.run(
        "bench.jobs.EngineWork", database=database, threads=size.connections, seconds=600.0
    )
    done = [pk for each in shift.results for pk in each]
    missing = abs(size.crowd[1] - len(set(done)))
    return _decided_twice(database, done) + missing


def _decided_twice(database: str, done: list[object]) -> int:
    """Subjects that two claimers were given, or that have a second row in the log."""
    given = sum(count - 1 for count in Counter(done).values())
    with psycopg.connect(cluster.url_of(database)) as one:
        row = one.execute("SELECT count(*) - count(DISTINCT subject_id) FROM moderation_decision")
        logged = row.fetchone()
    assert logged is not None
    return given + int(logged[0])


def audit_vs_unaudited(size: Size) -> Iterator[Figure]:
    """decide() with its log against decide() without, many writers at once."""
    template = _crowded(size)
    with Crowd(DECIDERS) as crowd:

        def rate(audited: bool) -> float:
            database = cluster.clone("bench_run", template=template)
            shift = crowd.run(
                "bench.jobs.DecideWork", database=database, threads=size.connections,
                seconds=size.seconds, writers=size.connections, audited=audited,
            )  # fmt: skip
            return sum(map(len, shift.results)) / shift.seconds

        ours, plain = interleaved(size.rounds, lambda: rate(True), lambda: rate(False))
    yield Figure(
        "audit_vs_unaudited", ratio(ours, plain), 0.7, ours=median(ours), baseline=median(plain),
        measured="decisions/s", note="the same without log row and hash",
    )  # fmt: skip


def claim_64_vs_best(size: Size) -> Iterator[Figure]:
    """64 claimers through the pools against the best rate at any number of claimers."""
    database = cluster.clone("bench_run", template=_crowded(size))
    with Crowd() as crowd:

        def rate(claimers: int) -> float:
            shift: Shift = crowd.run(
                "bench.jobs.ClaimWork", database=database, threads=claimers,
                seconds=size.seconds / 2, claimers=claimers,
            )  # fmt: skip
            _reset_claims(database)
            return sum(map(len, shift.results)) / LIMIT / shift.seconds

        sides = [lambda n=n: rate(n) for n in size.claimers]
        rates = interleaved(size.rounds, *sides)
    most, best = rates[-1], max(rates, key=median)
    told = ", ".join(f"{n}: {median(r):.0f}" for n, r in zip(size.claimers, rates, strict=True))
    yield Figure(
        "claim_64_vs_best", ratio(most, best), 0.6, ours=median(most), baseline=median(best),
        measured="claims/s", note=f"the best of {told} ({PROCESSES} processes, pools of 8)",
    )  # fmt: skip


def _reset_claims(database: str) -> None:
    cluster.use(database)
    people.give_everything_back()
    cluster.leave()
    cluster.vacuum(database, "moderation_case", "moderation_shift")


def claim_50k_leases_vs_none(size: Size) -> Iterator[Figure]:
    """A claim's latency while 50,000 leases are alive against none."""
    template = _crowded(size)
    idle = cluster.clone("bench_idle", template=template)
    leased = cluster.clone("bench_leased", template=template)
    cluster.use(leased)
    _lease(size.leases)
    cluster.leave()

    def latency(database: str) -> float:
        cluster.use(database)
        user = people.moderators()[-1]
        work = lambda: cases.claim(user=user, queue="images", limit=LIMIT)  # noqa: E731
        back = lambda: cases.release_all(user=user)  # noqa: E731
        median_ms(work, calls=5, after=back)
        taken = median_ms(work, calls=size.calls * 3, after=back)
        cluster.leave()
        return taken

    with_leases, without = interleaved(size.rounds, lambda: latency(leased), lambda: latency(idle))
    yield Figure(
        "claim_50k_leases_vs_none", ratio(with_leases, without), 1.5, at_most=True,
        ours=median(with_leases), baseline=median(without), measured="ms",
        note=f"no lease at all; ours with {size.leases:,} live ones",
    )  # fmt: skip


def _lease(number: int) -> None:
    """By claims, as they come about: with the dead rows that claims leave behind."""
    left = number
    for user in people.moderators()[:-1]:
        for _ in range(HANDS_FULL // cases.MAX_CLAIM):
            if left <= 0:
                return
            left -= len(cases.claim(user=user, queue="images", limit=min(left, cases.MAX_CLAIM)))


def decide_bulk_vs_save_loop(size: Size) -> Iterator[Figure]:
    """10,000 decisions in chunks of 1,000 against save() with one log row for each object."""
    template = _crowded(size)

    def rate(work, number: int) -> float:  # noqa: ANN001
        cluster.use(cluster.clone("bench_run", template=template))
        user = people.moderators()[0]
        actor = Actor.person(user)
        rows = Case.objects.order_by("opened_at", "id").values_list("subject_id", flat=True)
        ids = list(rows[:number])
        taken = seconds(lambda: work(ids, actor))
        cluster.leave()
        return number / taken

    ours, naive = interleaved(
        size.rounds,
        lambda: rate(_in_bulk, size.decisions),
        lambda: rate(_one_by_one, size.loop_decisions),
    )
    yield Figure(
        "decide_bulk_vs_save_loop", ratio(ours, naive), 25, ours=median(ours),
        baseline=median(naive), measured="decisions/s",
        note=f"get, save() and create() in a transaction each; {size.loop_decisions:,} of them",
    )  # fmt: skip


def _in_bulk(ids: list[object], actor: Actor) -> None:
    batch = uuid7()
    for start in range(0, len(ids), 1_000):
        requests = [
            Request(Action.APPROVE, subject=("gallery.imagelog", pk))
            for pk in ids[start : start + 1_000]
        ]
        made = decide(requests=requests, actor=actor, batch=batch)
        assert all(each.status == Outcome.APPLIED for each in made.results)


def _one_by_one(ids: list[object], actor: Actor) -> None:
    """What one writes first: lock, save, log with the chain's hash, delete the case."""
    batch = uuid7()
    for pk in ids:
        with transaction.atomic():
            image = ImageLog.objects.select_for_update().get(pk=pk)
            case = Case.objects.get(subject_id=pk)
            head = Decision.objects.filter(subject_id=pk).order_by("-id").first()
            row = Decision(
                at=timezone.now(), batch=batch, subject_type="gallery.imagelog", subject_id=pk,
                action=Action.APPROVE, from_status=image.review_status,
                to_status=ReviewStatus.APPROVED, from_hidden=image.hidden, to_hidden=False,
                from_held=image.held, to_held=False, from_guarded=False, to_guarded=False,
                actor_kind=actor.kind, actor_id=actor.id, actor_role=actor.role, case_id=case.pk,
                case_queue=case.queue, case_kind=case.kind, case_opened_at=case.opened_at,
                case_due_at=case.due_at, case_priority=case.priority, case_why=case.why,
                source_id=case.source_id, prev_hash=bytes(head.hash) if head else GENESIS,
            )  # fmt: skip
            row.hash = row_hash({name: getattr(row, name) for name in HASHED})
            image.review_status, image.reviewed_at = ReviewStatus.APPROVED, row.at
            image.reviewed_by_id = actor.id
            image.save()
            row.save()
            case.delete()
