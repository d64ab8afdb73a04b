"""Banks of known pictures: lookups in memory and over HTTP, memory, and what is found."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator

import numpy as np
import orjson
from django.db import connection

from accounts.enums import Scope
from accounts.keys import issue_key
from bench import cluster, people, pictures
from bench.report import Figure
from bench.rounds import interleaved, median, ratio
from bench.serving import Call, rate, server
from bench.sizes import Size
from media import pdq
from moderation.banks.index import HashIndex, as_hashes
from moderation.models import Bank
from moderation.models.bank import MAX_DISTANCE

BATCH = 100


def _queries(packed: np.ndarray, count: int) -> np.ndarray:
    """Half copies of what is known, half strangers."""
    known = pictures.near(packed[np.arange(count // 2) * 7 % len(packed)], distance=20)
    return np.concatenate([known, pictures.hashes(count - len(known), seed=99)])


def match_1m_vs_numpy_scan(size: Size) -> Iterator[Figure]:
    """Queries a second, one after the other, against xor and bit counts over all hashes."""
    packed = pictures.hashes(size.bank)
    hashes, asked = as_hashes(packed), as_hashes(_queries(packed, size.queries))
    index = HashIndex()
    index.add(np.arange(len(hashes)), hashes)

    def ours() -> float:
        return _per_second(lambda query: index.search(query, MAX_DISTANCE), asked, size.seconds)

    def scan() -> float:
        def look(query: np.ndarray) -> None:
            far = np.bitwise_count(hashes ^ query).sum(axis=1, dtype=np.uint16)
            np.flatnonzero(far <= MAX_DISTANCE)

        return _per_second(look, asked, size.seconds)

    sides = interleaved(size.rounds, ours, scan)
    yield Figure(
        "match_1m_vs_numpy_scan", ratio(*sides), 3.0, ours=median(sides[0]),
        baseline=median(sides[1]), measured="queries/s",
        note=f"single queries at {len(hashes):,} hashes, exact within {MAX_DISTANCE} bits",
    )  # fmt: skip


def _per_second(look: Callable[[np.ndarray], object], asked: np.ndarray, seconds: float) -> float:
    started, done = time.perf_counter(), 0
    while (taken := time.perf_counter() - started) < seconds:
        look(asked[done % len(asked)][None, :])
        done += 1
    return done / taken


def match_http(size: Size) -> Iterator[Figure]:
    """Hashes a second over POST match/ on four connections, singly and in batches of 100."""
    cluster.use(cluster.clone("bench_banks"))
    packed = pictures.hashes(size.bank)
    _fill(packed)
    people.add_people(1)
    made = issue_key(user=people.admin(), scopes=[Scope.MODERATION])
    asked = [{"pdq": each.tobytes().hex()} for each in _queries(packed, size.queries)]
    cluster.leave()
    one, many = (_call(made.plain, asked[: size.queries // 2 + half][-count:]) for count, half in (
        (1, 0), (BATCH, BATCH // 2),
    ))  # fmt: skip
    with server("bench_banks") as port:
        rate(port, one, seconds=0.1, threads=1)  # loads the index
        single, batch = interleaved(
            size.rounds,
            lambda: rate(port, one, seconds=size.seconds),
            lambda: rate(port, many, seconds=size.seconds) * BATCH,
        )
    yield Figure(
        "match_http_1m_per_s", median(single), 300.0, unit="hashes/s", ours=median(single),
        measured="hashes/s", note=f"one hash a request, {size.bank:,} known",
    )  # fmt: skip
    yield Figure(
        "match_http_1m_batch_per_s", median(batch), 4_000.0, unit="hashes/s", ours=median(batch),
        measured="hashes/s", note=f"{BATCH} hashes a request, half of them known",
    )  # fmt: skip


def _call(key: str, rows: list[dict[str, str]]) -> Call:
    def check(body: bytes) -> None:
        assert len(orjson.loads(body)["results"]) == len(rows)

    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    body = orjson.dumps({"hashes": rows})
    return Call("/api/moderation/match/", body, headers, check)


def _fill(packed: np.ndarray) -> None:
    bank = Bank.objects.create(slug="bench", action="mark")
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE given (pdq bytea)")
        with cursor.copy("COPY given FROM STDIN") as copy:
            for each in packed:
                copy.write_row((each.tobytes(),))
        cursor.execute(
            "INSERT INTO moderation_bankentry (bank_id, key, pdq, quality, label, source,"
            " subject_type, added_at, note)"
            " SELECT %s, gen_random_uuid(), pdq, 100, 'known', 'bench', '', now(), '' FROM given",
            [bank.pk],
        )


def match_10m_memory_mb(size: Size) -> Iterator[Figure]:
    """What the index of so many hashes holds, by the arrays' own account."""
    packed = pictures.hashes(size.memory)
    index = HashIndex()
    index.add(np.arange(len(packed)), as_hashes(packed))
    value = index.nbytes / 1e6
    yield Figure(
        "match_10m_memory_mb", value, 1_200.0, unit="MB", at_most=True, ours=value, measured="MB",
        note=f"{len(packed):,} hashes: {index.nbytes / len(packed):.0f} bytes each, per process",
    )  # fmt: skip


def match_truth(size: Size) -> Iterator[Figure]:
    """Families of pictures: the first of each is known, every other one is looked up."""
    owners, known, members = _families(size.truth)
    index = HashIndex()
    # As a bank that also looks for turned copies holds them.
    index.add(np.repeat(owners, 8), as_hashes(pdq.turned(known).reshape(-1, 32)))
    found: dict[str, list[bool]] = defaultdict(list)
    right = wrong = 0
    for family, change, hashed in members:
        hits = set(index.search(as_hashes(hashed), MAX_DISTANCE).ids.tolist())
        found[change].append(family in hits)
        right += family in hits
        wrong += len(hits - {family})
    recall = {change: sum(each) / len(each) for change, each in sorted(found.items())}
    told = ", ".join(f"{change} {share:.3f}" for change, share in recall.items())
    kept = [hit for change in ("resize", "re-encode") for hit in found[change]]
    yield Figure(
        "match_recall", sum(kept) / max(1, len(kept)), 0.98, unit="share",
        note=f"of resized and re-encoded copies; by change: {told}",
    )  # fmt: skip
    yield Figure(
        "match_precision", right / max(1, right + wrong), 0.999, unit="share",
        note=f"{right} right and {wrong} wrong matches among {size.truth:,} pictures",
    )  # fmt: skip


def _families(count: int) -> tuple[np.ndarray, np.ndarray, list[tuple[int, str, bytes]]]:
    """Families that are known, their first pictures' hashes, and (family, change, hash) of every
    other picture that can be hashed."""
    owners, known, members = [], [], []
    for each in pictures.family_set(count):
        hashed = pdq.pdq_of(each.image)
        if hashed.is_flat:
            continue
        if each.change:
            members.append((each.family, each.change, hashed.pdq))
        else:
            owners.append(each.family)
            known.append(np.frombuffer(hashed.pdq, np.uint8))
    return np.array(owners), np.array(known), members
