"""The decision log's proof: a hash chain per subject, and sealed ranges over all rows.

Each row hashes its content and its subject's previous row. A sealer chains ranges of all rows in
id order by an HMAC whose key is derived from a secret outside the database, so that whoever can
write SQL (the database's owner included) cannot recompute it. The newest seal is also noted in a
file beside the database, so that cutting off the log's end shows as well.
"""

import hashlib
import hmac
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC
from operator import itemgetter
from pathlib import Path
from typing import Any

import orjson
from django.conf import settings
from django.db import connection, transaction
from django.db.models import DateTimeField

from moderation.locks import Lock
from moderation.models import Decision, Seal

GENESIS = bytes(32)
# Columns younger than the first logs: hashed only where they say something, so that older rows
# still fit.
YOUNGER = ("case_family",)
# Every other column but the hash itself, in a fixed order: the content that a row's hash covers.
HASHED = tuple(
    field.attname
    for field in Decision._meta.concrete_fields
    if field.attname not in {"hash", *YOUNGER}
)
_hashed_of = itemgetter(*HASHED)
_PREVIOUS = HASHED.index("prev_hash")
_TIMES = [
    HASHED.index(field.attname)
    for field in Decision._meta.concrete_fields
    if isinstance(field, DateTimeField)
]
CHUNK = 5_000
# How long a sealer waits for transactions that began before it looked.
SEAL_WAIT_SECONDS = 20.0


def row_hash(row: Mapping[str, Any]) -> bytes:
    """SHA-256 over the row's columns in the order of HASHED, then what YOUNGER ones say; times in
    UTC, bytes as hex."""
    values = list(_hashed_of(row))
    values[_PREVIOUS] = bytes(values[_PREVIOUS]).hex()
    for place in _TIMES:
        if values[place] is not None:
            values[place] = values[place].astimezone(UTC)
    values += [(name, row[name]) for name in YOUNGER if row.get(name) is not None]
    return hashlib.sha256(orjson.dumps(values)).digest()


def _seal_key() -> bytes:
    material = settings.AUDIT_KEY or settings.SECRET_KEY
    return hashlib.sha256(b"gatehouse decision seal\0" + material.encode()).digest()


@dataclass(frozen=True, slots=True)
class Verification:
    """What verify() found: rows and seals read, and the first broken row (None when all is
    well).
    """

    rows: int
    seals: int
    broken: str | None
    unsealed: int


def head_file() -> Path:
    return Path(settings.GATEHOUSE_HOME) / "audit-head"


def seal(*, wait: float = SEAL_WAIT_SECONDS) -> Seal | None:
    """Seals all rows up to now; None when there is nothing new or the wait was too short.

    Not inside a transaction: its own would be waited for.

    Ids are handed out before their rows commit. So the highest id is read first, then every
    transaction that ran at that moment is waited for; afterwards no row below can still appear. (A
    decision's transaction has locked its subject before it takes an id, and so is visible to that
    wait.)
    """
    top = _settled_top(wait)
    if top is None:
        return None
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [Lock.SEALER])
            if not cursor.fetchone()[0]:
                return None
        last = Seal.objects.order_by("-id").first()
        first_id = last.last_id + 1 if last else 1
        if top < first_id:
            return None
        count, mac = _mac(bytes(last.mac) if last else GENESIS, first_id, top)
        made = Seal.objects.create(first_id=first_id, last_id=top, count=count, mac=mac)
    _note_head(made)
    return made


def _settled_top(wait: float) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COALESCE((SELECT max(id) FROM moderation_decision), 0),"
            " pg_current_xact_id()::text::bigint"
        )
        top, own = cursor.fetchone()
        if top == 0:
            return None
        deadline = time.monotonic() + wait
        while True:
            cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
            if cursor.fetchone()[0] > own:
                return int(top)
            if time.monotonic() > deadline:
                return None
            time.sleep(0.05)


def _mac(previous: bytes, first_id: int, last_id: int) -> tuple[int, bytes]:
    digest = hmac.new(_seal_key(), bytes(previous), hashlib.sha256)
    digest.update(f"{first_id}:{last_id}:".encode())
    count = 0
    for row in _rows(first_id, last_id):
        digest.update(row["id"].to_bytes(8, "big"))
        digest.update(row_hash(row))
        count += 1
    digest.update(count.to_bytes(8, "big"))
    return count, digest.digest()


def _rows(first_id: int, last_id: int | None = None) -> Iterator[dict[str, Any]]:
    """Rows in id order, a chunk at a time by key, so that memory stays flat without a held
    cursor.
    """
    after = first_id - 1
    while True:
        rows = Decision.objects.filter(id__gt=after).order_by("id")
        if last_id is not None:
            rows = rows.filter(id__lte=last_id)
        chunk = list(rows.values(*HASHED, *YOUNGER, "hash")[:CHUNK])
        yield from chunk
        if len(chunk) < CHUNK:
            return
        after = chunk[-1]["id"]


def _note_head(made: Seal) -> None:
    path = head_file()
    temporary = path.with_suffix(".new")
    temporary.write_text(f"{made.pk} {made.last_id} {bytes(made.mac).hex()}\n", encoding="ascii")
    temporary.replace(path)


def verify() -> Verification:
    """Reads the whole log: row hashes, chains per subject, seals, and the head noted outside."""
    heads: dict[uuid.UUID, bytes] = {}
    rows, unsealed = 0, 0
    seals = list(Seal.objects.order_by("id"))
    broken, sealed_range_end = _check_seals(seals)
    sealed_to = seals[-1].last_id if seals else 0
    for row in _rows(1):
        rows += 1
        unsealed += row["id"] > sealed_to
        if fault := _check_row(row, heads):
            # The row itself says more than the range that it breaks; an earlier range comes first.
            if broken is None or row["id"] <= sealed_range_end:
                broken = fault
            break
    return Verification(rows, len(seals), broken or _check_head(seals), unsealed)


def _check_row(row: dict[str, Any], heads: dict[uuid.UUID, bytes]) -> str | None:
    if row_hash(row) != bytes(row["hash"]):
        return f"decision {row['id']}: its content does not match its hash"
    if bytes(row["prev_hash"]) != heads.get(row["subject_id"], GENESIS):
        return (
            f"decision {row['id']}: the row before it in its subject's chain is missing or changed"
        )
    heads[row["subject_id"]] = bytes(row["hash"])
    return None


def _check_seals(seals: list[Seal]) -> tuple[str | None, int]:
    """The first range that is broken, and the last id in it."""
    previous, expected = GENESIS, 1
    for each in seals:
        if each.first_id != expected:
            return f"decision {expected}: the seal over it is missing", each.last_id
        count, mac = _mac(previous, each.first_id, each.last_id)
        if count != each.count or not hmac.compare_digest(mac, bytes(each.mac)):
            what = f"{each.count - count} removed" if count < each.count else "changed or inserted"
            return (
                f"decision {each.first_id}: rows {each.first_id} to {each.last_id} do not match"
                f" their seal ({what})"
            ), each.last_id
        previous, expected = bytes(each.mac), each.last_id + 1
    return None, 0


def _check_head(seals: list[Seal]) -> str | None:
    try:
        number, last_id, mac = head_file().read_text(encoding="ascii").split()
    except FileNotFoundError:
        return None
    known = {each.pk: bytes(each.mac).hex() for each in seals}
    if known.get(int(number)) != mac:
        return f"decision {last_id}: the seal noted outside the database is missing or changed"
    return None
