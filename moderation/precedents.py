"""What was decided about pictures that look like the one in view.

The hashes of the newest pictures are in memory, in each process that is asked; everything else is
read from the database when asked for, so a precedent always is the decision in force. An index of a
million takes about 140 MB and is made at the first question.
"""

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
from django.db import connection
from django.utils import timezone
from numpy.typing import NDArray

from accounts.models import User
from media.models import Attachment
from moderation.banks.index import HashIndex, as_hashes
from moderation.banks.loading import read_binary
from moderation.enums import Action, ReviewStatus
from moderation.likeness import NEAR
from moderation.models import Decision, Reviewable
from moderation.registry import queue_for
from moderation.visibility import visible_to

# Pictures known, subjects asked for at once, and answers for each.
MOST, AT_ONCE, SHOWN = 1_000_000, 50, 3
# Of so many of the nearest pictures is looked up what became of them; where that gives too few, as
# behind a burst that nobody has decided on, of more: so many for all subjects together.
LOOKED_AT, FURTHER = 24, 10_000
# Searched for at once: a burst is near all of them.
TOGETHER = 10
CATCH_UP = timedelta(seconds=10)
# A file's id tells when it was made; its row may be committed so much later.
LATE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Precedent:
    """A decided picture `distance` bits away, and the decision in force."""

    subject: Reviewable
    distance: int
    decision: Decision


_ROW = np.dtype([
    ("fields", ">i2"), ("id_length", ">i4"), ("id", "V16"), ("pdq_length", ">i4"), ("pdq", "u1", 32)
])  # fmt: skip
_READ = """
COPY (SELECT file_id, pdq FROM media_fingerprint
    WHERE file_id > '{since}'::uuid AND file_id < '{below}'::uuid AND octet_length(pdq) = 32
    ORDER BY file_id DESC LIMIT {most:d}) TO STDOUT (FORMAT BINARY)
"""
# Rows read at once, so that what is read does not stand in memory twice.
PIECE = 100_000


class Near(NamedTuple):
    """Places of pictures near another one, the nearest first, and how many bits differ."""

    places: NDArray[np.int64]
    distances: NDArray[np.int64]

    def first(self, most: int) -> "Near":
        return Near(self.places[:most], self.distances[:most])


class _Copy:
    """The hashes of the newest MOST pictures, by their place in `files`; no Python object each."""

    def __init__(self) -> None:
        self.index = HashIndex()
        self.files = np.empty(0, "V16")
        self._recent = np.empty(0, "S16")
        self._since = uuid.UUID(int=0)
        self._looked_at: datetime | None = None

    def catch_up(self) -> None:
        now = timezone.now()
        if self._looked_at is not None and now - self._looked_at < CATCH_UP:
            return
        files, hashes = _read(self._since)
        # As text they can be compared; they are never read back from it.
        ids = files.view("S16")
        fresh = ~np.isin(ids, self._recent)
        start = len(self.files)
        if fresh.any():
            self.files = np.concatenate([self.files, files[fresh]])
            places = np.arange(start, len(self.files), dtype=np.int64)
            self.index.add(places, as_hashes(hashes[fresh]))
        self._since = _earliest(now - LATE)
        self._recent = ids[ids > self._since.bytes]
        self._looked_at = now

    def near(self, hashes: Sequence[bytes]) -> list[Near]:
        """For each hash the FURTHER nearest pictures."""
        found: list[Near] = []
        for start in range(0, len(hashes), TOGETHER):
            some = hashes[start : start + TOGETHER]
            queries, places, distances = self.index.search(as_hashes(b"".join(some)), NEAR)
            for number in range(len(some)):
                mine = np.flatnonzero(queries == number)
                mine = mine[np.lexsort((places[mine], distances[mine]))][:FURTHER]
                found.append(Near(places[mine], distances[mine]))
        return found


def _read(since: uuid.UUID) -> tuple[NDArray[np.void], NDArray[np.uint8]]:
    """Ids and hashes (32 bytes each) of the newest MOST files after `since`, the newest first."""
    below, left = uuid.UUID(int=(1 << 128) - 1), MOST
    files, hashes = [np.empty(0, "V16")], [np.empty((0, 32), np.uint8)]
    while left > 0:
        most = min(PIECE, left)
        rows = read_binary(_READ.format(since=since, below=below, most=most), _ROW)
        files.append(rows["id"].copy())
        hashes.append(rows["pdq"].copy())
        left -= most
        if len(rows) < most:
            break
        below = uuid.UUID(bytes=rows["id"][-1].tobytes())
    return np.concatenate(files), np.concatenate(hashes)


def _earliest(at: datetime) -> uuid.UUID:
    """Below every UUIDv7 made from then on."""
    return uuid.UUID(int=max(0, int(at.timestamp() * 1000)) << 80)


_copies: dict[str, _Copy] = {}
_lock = Lock()


def _present_copy() -> _Copy:
    """One thread brings it up to date; the others ask what there is meanwhile."""
    name = str(connection.settings_dict["NAME"])
    if not _lock.acquire(blocking=name not in _copies):
        return _copies[name]
    try:
        copy = _copies.get(name)
        if copy is None or len(copy.files) > MOST + MOST // 4:
            copy = _Copy()
        copy.catch_up()
        _copies[name] = copy
        return copy
    finally:
        _lock.release()


def forget() -> None:
    """Drops what is in memory; the next question reads it anew."""
    with _lock:
        _copies.clear()


def precedents_of(
    keys: Sequence[tuple[str, uuid.UUID]], *, viewer: User
) -> dict[uuid.UUID, list[Precedent]]:
    """By subject id, the nearest first, for those of the subjects that have any.

    At most AT_ONCE subjects; a fixed number of queries however many. Pictures that are held,
    hidden, sensitive or purged are no precedents.
    """
    hashes = _hashes_of(keys[:AT_ONCE], viewer)
    if not hashes:
        return {}
    copy = _present_copy()
    near = dict(zip(hashes, copy.near(list(hashes.values())), strict=True))
    found = _found({pk: each.first(LOOKED_AT) for pk, each in near.items()}, copy.files)
    crowded = {
        pk: each
        for pk, each in near.items()
        if len(each.places) > LOOKED_AT and len(found.get(pk, [])) < SHOWN
    }
    if crowded:
        reach = _reach(crowded.values())
        found |= _found({pk: each.first(reach) for pk, each in crowded.items()}, copy.files)
    return found


def _reach(near: Collection[Near]) -> int:
    """How far each may look, so that they look at no more than about FURTHER together."""
    reach = FURTHER
    while reach > LOOKED_AT and len(_places(each.first(reach) for each in near)) > FURTHER:
        reach //= 2
    return reach


def _places(near: Iterable[Near]) -> NDArray[np.int64]:
    """Each once."""
    return np.unique(np.concatenate([each.places for each in near]))


def _found(
    near: dict[uuid.UUID, Near], files: NDArray[np.void]
) -> dict[uuid.UUID, list[Precedent]]:
    """The precedents among pictures that are near, by subject id."""
    places = _places(near.values())
    by_file = _decided({
        uuid.UUID(bytes=files[place].tobytes()): place for place in places.tolist()
    })  # fmt: skip
    decisions = _in_force([each.pk for group in by_file.values() for each in group])
    decided = np.array(list(by_file), np.int64)
    found: dict[uuid.UUID, list[Precedent]] = {}
    for subject_id, each in near.items():
        chosen = np.isin(each.places, decided)
        rows = [
            Precedent(subject, distance, decisions[subject.pk])
            for place, distance in zip(*(column[chosen].tolist() for column in each), strict=True)
            for subject in by_file[place]
            if subject.pk != subject_id and subject.pk in decisions
        ]
        rows.sort(key=lambda row: (row.distance, -row.decision.pk))
        if rows:
            found[subject_id] = rows[:SHOWN]
    return found


def _by_type(keys: Sequence[tuple[str, uuid.UUID]]) -> dict[str, list[uuid.UUID]]:
    found: dict[str, list[uuid.UUID]] = {}
    for subject_type, subject_id in keys:
        found.setdefault(subject_type, []).append(subject_id)
    return found


def _hashes_of(keys: Sequence[tuple[str, uuid.UUID]], viewer: User) -> dict[uuid.UUID, bytes]:
    """Of subjects that the viewer may see; raises UnknownSubjectType."""
    found: dict[uuid.UUID, bytes] = {}
    for subject_type, ids in _by_type(keys).items():
        queue = queue_for(subject_type)
        assert queue.model is not None
        seen = visible_to(queue.model._default_manager.filter(pk__in=ids), viewer)
        rows = Attachment.objects.filter(
            subject_id__in=seen.values("pk"),
            role=queue.picture_role,
            file__fingerprint__pdq__isnull=False,
        )
        for subject_id, pdq in rows.values_list("subject_id", "file__fingerprint__pdq"):
            found[subject_id] = bytes(pdq or b"")
    return found


def _decided(files: dict[uuid.UUID, int]) -> dict[int, list[Reviewable]]:
    """By a file's place, the subjects whose picture it was when people or rules decided on them,
    and that anybody with a role may see. What a subject keeps in other roles is none: another
    decision than its newest may have been about it.
    """
    columns = ("subject_type", "subject_id", "role", "file_id", "stored_at")
    rows = [
        row
        for row in Attachment.objects.filter(file__in=list(files), held=False, sensitive=False)
        .values_list(*columns)
        if row[2] == queue_for(row[0]).picture_role
    ]  # fmt: skip
    subjects: dict[uuid.UUID, Reviewable] = {}
    for subject_type, ids in _by_type([row[:2] for row in rows]).items():
        model = queue_for(subject_type).model
        assert model is not None
        decided = model._default_manager.filter(
            pk__in=ids, held=False, hidden=False, reviewed_at__isnull=False,
            review_status__in=[ReviewStatus.APPROVED, ReviewStatus.REJECTED],
        )  # fmt: skip
        subjects |= {each.pk: each for each in decided.select_related("source")}
    found: dict[int, list[Reviewable]] = {}
    for _type, subject_id, _role, file_id, stored_at in rows:
        subject = subjects.get(subject_id)
        if subject is not None and _had(subject, stored_at):
            found.setdefault(files[file_id], []).append(subject)
    return found


def _had(subject: Reviewable, stored_at: datetime | None) -> bool:
    """Whether it had a picture when it was decided on; that one may have come later."""
    decided_at = subject.reviewed_at
    return stored_at is None or decided_at is None or stored_at <= decided_at


def _in_force(subject_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Decision]:
    """The newest approval or rejection of each."""
    rows = Decision.objects.filter(
        subject_id__in=list(subject_ids), action__in=[Action.APPROVE, Action.REJECT]
    )
    newest: dict[uuid.UUID, Decision] = {}
    for row in rows.order_by("id"):
        newest[row.subject_id] = row
    return newest


def subjects_of(found: dict[uuid.UUID, list[Precedent]]) -> dict[str, list[Any]]:
    """The precedents' subjects by type, each once."""
    by_type: dict[str, dict[uuid.UUID, Reviewable]] = {}
    for rows in found.values():
        for row in rows:
            by_type.setdefault(row.subject.subject_type(), {})[row.subject.pk] = row.subject
    return {subject_type: list(rows.values()) for subject_type, rows in by_type.items()}
