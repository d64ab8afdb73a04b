"""Backwards: new entries against all pictures held, in the background and in pieces.

Each piece is one transaction: what it finds, what follows, and how far the scan has come. A worker
that is killed loses at most a piece; its lease runs out and another one goes on from there.
"""

import time
import uuid
from datetime import timedelta

import numpy as np
from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from numpy.typing import NDArray

from media.enums import AttachmentState
from media.models import Attachment
from moderation.banks.acting import act
from moderation.banks.index import as_hashes
from moderation.banks.loading import index_of, read_binary
from moderation.banks.matching import TOGETHER, Within
from moderation.enums import ScanState
from moderation.locks import Lock
from moderation.models import Bank, BankEntry, BankScan
from moderation.models.bank import MAX_DISTANCE
from moderation.services import retrying

LEASE_SECONDS = 60
PIECE = 20_000
_OPEN = [ScanState.WAITING, ScanState.RUNNING]

_ROW = np.dtype(
    [
        ("fields", ">i2"),
        ("id_length", ">i4"), ("id", "V16"),
        ("sha256_length", ">i4"), ("sha256", "V32"),
        ("pdq_length", ">i4"), ("pdq", "u1", 32),
        ("clear_length", ">i4"), ("clear", "?"),
    ]
)  # fmt: skip
_READ = """
COPY (SELECT f.id, f.sha256, COALESCE(p.pdq, decode(repeat('00', 32), 'hex')), p.pdq IS NOT NULL
    FROM media_file f LEFT JOIN media_fingerprint p ON p.file_id = f.id
    WHERE f.id > '{after}'::uuid AND f.erased_at IS NULL ORDER BY f.id LIMIT {piece:d})
TO STDOUT (FORMAT BINARY)
"""
_NEW = """
UPDATE moderation_bankentry SET scan_id = %s
WHERE bank_id = %s AND scan_id IS NULL AND removed_at IS NULL
"""


def plan() -> list[BankScan]:
    """One scan for each active bank that has entries which none covers yet."""
    uncovered = BankEntry.objects.filter(
        bank=OuterRef("pk"), scan__isnull=True, removed_at__isnull=True
    )
    banks = Bank.objects.filter(Exists(uncovered), active=True)
    return [scan for scan in (_cover(bank) for bank in banks) if scan is not None]


@transaction.atomic
def _cover(bank: Bank) -> BankScan | None:
    """Waits in line when two plan at once: the second finds nothing left."""
    Bank.objects.select_for_update().get(pk=bank.pk)
    scan = BankScan.objects.create(bank=bank)
    with connection.cursor() as cursor:
        cursor.execute(_NEW, [scan.pk, bank.pk])
        if cursor.rowcount:
            return scan
    scan.delete()
    return None


def scan_whole(*, bank: Bank, by: int | None) -> BankScan:
    """Compares all of a bank once more, as after a change of its rules."""
    waiting = BankScan.objects.filter(bank=bank, whole=True, state=ScanState.WAITING).first()
    return waiting or BankScan.objects.create(bank=bank, whole=True, started_by=by)


def cancel(*, scan: BankScan) -> bool:
    """Ends a scan that waits or runs; what it found stays. Whether it was still open."""
    ended = BankScan.objects.filter(pk=scan.pk, state__in=_OPEN).update(
        state=ScanState.CANCELLED, finished_at=timezone.now(), token=None
    )
    return bool(ended)


def work(*, seconds: float) -> int:
    """Plans what is new, then works on open scans for about so long; how many pieces it did."""
    plan()
    end, pieces = time.monotonic() + seconds, 0
    while (left := end - time.monotonic()) > 0 and (scan := lease()) is not None:
        pieces += _work_on(scan, left)
    return pieces


def lease() -> BankScan | None:
    """The oldest open scan that nobody works on, with a new token. A dead worker's lease ends by
    itself."""
    now = timezone.now()
    with transaction.atomic():
        free = BankScan.objects.select_for_update(skip_locked=True).filter(state__in=_OPEN)
        scan = free.exclude(leased_until__gte=now).order_by("id").first()
        if scan is None:
            return None
        scan.token, scan.leased_until = uuid.uuid4(), now + timedelta(seconds=LEASE_SECONDS)
        scan.save(update_fields=["token", "leased_until"])
    if scan.state == ScanState.WAITING:
        _begin(scan)
    return scan


def _begin(scan: BankScan) -> None:
    # Pictures that were recorded without these entries in sight are committed from here on.
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [Lock.BANKS])
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT GREATEST(reltuples, 0)::bigint FROM pg_class WHERE oid = 'media_file'::regclass"
        )
        scan.expected = cursor.fetchone()[0]
    scan.state, scan.started_at = ScanState.RUNNING, timezone.now()
    # Not one that was cancelled meanwhile, or that somebody else has.
    BankScan.objects.filter(pk=scan.pk, token=scan.token).update(
        expected=scan.expected, state=scan.state, started_at=scan.started_at
    )


def _work_on(scan: BankScan, seconds: float) -> int:
    """At least one piece, and more for about so long; loading the entries does not count, or those
    of a large bank would never get to one."""
    only = {"bank_id": scan.bank_id} if scan.whole else {"scan_id": scan.pk}
    within = Within(index_of(**only), **only)
    end, pieces = time.monotonic() + seconds, 0
    going = True
    while going and (not pieces or time.monotonic() < end):
        going = retrying(lambda: _piece(scan, within))
        pieces += 1
    if going:  # out of time: anybody may go on at once
        BankScan.objects.filter(pk=scan.pk, token=scan.token).update(leased_until=None)
    return pieces


def _piece(scan: BankScan, within: Within) -> bool:
    """One piece in one transaction; whether there is more to do. Not without the lease."""
    mine = BankScan.objects.select_for_update().filter(pk=scan.pk, token=scan.token).first()
    if mine is None:
        return False
    rows = read_binary(_READ.format(after=mine.cursor or uuid.UUID(int=0), piece=PIECE), _ROW)
    attachments = list(
        Attachment.objects.filter(
            file__in=_near(rows, within),
            state__in=[AttachmentState.STORED, AttachmentState.WANTED],
        ).order_by("subject_id")
    )
    mine.hits += act(attachments, within=within, scan=mine)
    mine.seen += len(rows)
    if len(rows):
        mine.cursor = uuid.UUID(bytes=rows["id"][-1].tobytes())
    mine.leased_until = timezone.now() + timedelta(seconds=LEASE_SECONDS)
    if len(rows) < PIECE:
        mine.state, mine.finished_at, mine.token = ScanState.DONE, timezone.now(), None
        mine.expected = mine.seen
    mine.save()
    return mine.state == ScanState.RUNNING


def _near(rows: NDArray[np.void], within: Within) -> list[uuid.UUID]:
    """Files that may be near an entry, by their look or their bytes."""
    clear = np.flatnonzero(rows["clear"])
    numbers = _equal(rows, within)
    # In groups: of a crowd of equal pictures and entries each is near each.
    for start in range(0, len(clear), TOGETHER):
        some = clear[start : start + TOGETHER]
        hashes = as_hashes(np.ascontiguousarray(rows["pdq"][some]))
        numbers |= set(some[within.index.search(hashes, MAX_DISTANCE).queries].tolist())
    return [uuid.UUID(bytes=rows["id"][number].tobytes()) for number in sorted(numbers)]


def _equal(rows: NDArray[np.void], within: Within) -> set[int]:
    """Which rows have the very bytes of an entry."""
    by_sha256 = {each.tobytes(): number for number, each in enumerate(rows["sha256"])}
    column, value = ("scan_id", within.scan_id) if within.scan_id else ("bank_id", within.bank_id)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT sha256 FROM moderation_bankentry WHERE {column} = %s AND sha256 = ANY(%s)"
            " AND removed_at IS NULL",
            [value, list(by_sha256)],
        )
        return {by_sha256[bytes(row[0])] for row in cursor.fetchall()}
