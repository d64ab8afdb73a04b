"""Families: how well they meet the truth, and how many keys they spare."""

import random
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from django.utils import timezone

from bench import cluster, people, pictures
from bench.report import Figure
from bench.sizes import Size
from core.keys import uuid7
from gallery.models import ImageLog
from media import pdq
from media.enums import AttachmentState
from media.models import Attachment, File, Fingerprint
from moderation import cases, comparing
from moderation.api.deciding import decide_once
from moderation.models import Case
from upstream.models import Source

SEED = 7
ARRIVE_TOGETHER = 64
LIMIT = 20
# Families of the burst set, and the share of its pictures that are in one.
SMALLEST, LARGEST = 2, 40


@dataclass(frozen=True, slots=True)
class Arrival:
    """A picture to come: its hash (None: too flat), the truth about it, and how it was made."""

    pdq: bytes | None
    family: int
    change: str = ""


def likeness(size: Size) -> Iterator[Figure]:
    """Drawn families arrive in random order, a few at a time; whom they meet, against the truth."""
    arrivals = list(_drawn(size.alike))
    found = _arrive(arrivals)
    firsts = {arrival.family: pk for arrival, pk in found if not arrival.change}
    family = dict(Case.objects.values_list("subject_id", "family"))
    copies = [
        (pk, firsts[arrival.family])
        for arrival, pk in found
        if arrival.change in {"resize", "re-encode"} and arrival.pdq is not None
    ]
    met = sum(family[pk] is not None and family[pk] == family[first] for pk, first in copies)
    truth = {pk: arrival.family for arrival, pk in found}
    right, pairs = _pairs(family, truth)
    cluster.leave()
    yield Figure(
        "family_recall", met / max(1, len(copies)), 0.98, unit="share", ours=met,
        baseline=len(copies), measured="copies",
        note=f"resized and re-encoded copies among {size.alike:,} pictures that meet their first",
    )  # fmt: skip
    yield Figure(
        "family_precision", right / max(1, pairs), 0.999, unit="share", ours=right,
        baseline=pairs, measured="pairs", note="pairs in a family that truly belong together",
    )  # fmt: skip


def _drawn(count: int) -> Iterator[Arrival]:
    for each in pictures.family_set(count):
        hashed = pdq.pdq_of(each.image)
        clear = hashed.quality >= pdq.MIN_QUALITY
        yield Arrival(hashed.pdq if clear else None, each.family, each.change)


def _arrive(arrivals: Sequence[Arrival]) -> list[tuple[Arrival, uuid.UUID]]:
    """Stores and compares them as the mirror does, in a fresh database."""
    cluster.use(cluster.clone("bench_run"))
    people.add_people(1)
    source = Source.objects.create(name="bench", kind="gallery", base_url="http://127.0.0.1:9")
    dice = random.Random(SEED)
    shuffled = dice.sample(list(arrivals), len(arrivals))
    found = []
    for start in range(0, len(shuffled), ARRIVE_TOGETHER):
        together = shuffled[start : start + ARRIVE_TOGETHER]
        ids = [_store(arrival, source, dice) for arrival in together]
        cases.open_cases([
            cases.NewCase(ImageLog.subject_type(), pk, source_id=source.pk) for pk in ids
        ])  # fmt: skip
        comparing.compare(ids)
        found += zip(together, ids, strict=True)
    return found


def _store(arrival: Arrival, source: Source, dice: random.Random) -> uuid.UUID:
    """The rows of one picture with its hash, without bytes."""
    image = ImageLog.objects.create(
        source=source, upstream_id=str(uuid7()), user_id="1", created_at=timezone.now()
    )
    file = File.objects.create(sha256=dice.randbytes(32), size=1, mime="image/png")
    Fingerprint.objects.create(file=file, pdq=arrival.pdq, quality=100)
    Attachment.objects.create(
        subject_type=ImageLog.subject_type(), subject_id=image.pk, file=file,
        state=AttachmentState.STORED, next_try_at=None,
    )  # fmt: skip
    return image.pk


def _pairs(
    family: dict[uuid.UUID, uuid.UUID | None], truth: dict[uuid.UUID, int]
) -> tuple[int, int]:
    """(pairs that truly belong together, all pairs) within the families that were made."""
    both = Counter((name, truth[pk]) for pk, name in family.items() if name is not None)
    made = Counter(name for name in family.values() if name is not None)
    choose = lambda number: number * (number - 1) // 2  # noqa: E731
    return sum(map(choose, both.values())), sum(map(choose, made.values()))


def keystrokes_per_100(size: Size) -> Iterator[Figure]:
    """Decides a whole queue as the page does: one key for a family, one for each single picture."""
    _arrive(list(_burst(size.burst)))
    user = people.moderators()[0]
    keys = decided = 0
    while claimed := cases.claim(user=user, queue="images", limit=LIMIT):
        for row in _rows(claimed):
            answer = decide_once(rows=[row], user=user, key=None, body=b"")
            keys += 1
            decided += sum(each["status"] == "applied" for each in answer["results"])
    left = Case.objects.count()
    cluster.leave()
    if left or decided != size.burst:
        raise AssertionError(f"{left} cases left, {decided} decided of {size.burst}")
    yield Figure(
        "keystrokes_per_100", 100 * keys / decided, 60, unit="keys", at_most=True, ours=keys,
        baseline=decided, measured="keys for decisions",
        note=f"{size.burst:,} pictures, half in families of {SMALLEST} to {LARGEST}, half single",
    )  # fmt: skip


def _rows(claimed: Sequence[Case]) -> Iterator[dict[str, str]]:
    """One for each card of the page."""
    together = Counter(case.family for case in claimed)
    done = set()
    for case in claimed:
        what = {"claim_token": str(case.claim_token), "action": "approve", "seen": "thumb"}
        if case.family is None or together[case.family] == 1:
            yield {"case": str(case.pk), **what}
        elif case.family not in done:
            done.add(case.family)
            yield {"family": str(case.family), **what}


def _burst(count: int) -> Iterator[Arrival]:
    """Half single, half in families; the hashes are spread as those of drawn pictures are."""
    dice = random.Random(SEED)
    sizes = [1] * (count // 2)
    while (left := count - sum(sizes)) > 0:
        sizes.append(min(left, dice.randint(SMALLEST, LARGEST)))
    firsts = pictures.hashes(len(sizes), seed=SEED)
    for family, (number, first) in enumerate(zip(sizes, firsts, strict=True)):
        yield Arrival(first.tobytes(), family)
        if number > 1:
            copies = pictures.near(np.repeat(first[None], number - 1, axis=0), distance=15)
            yield from (Arrival(copy.tobytes(), family, "copy") for copy in copies)
