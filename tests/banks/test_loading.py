"""A process's index: read anew without a gap, and in pieces."""

import os
import time
import tracemalloc

import pytest
from django.db import connection, transaction
from django.utils import timezone
from psycopg.errors import UndefinedColumn

from moderation.banks import loading
from moderation.banks.index import as_hashes
from moderation.models import BankEntry
from tests.banks.conftest import add

pytestmark = pytest.mark.django_db


def found(loader, *entries) -> list[bool]:
    index = loader.fresh()
    return [
        entry.pk in index.search(as_hashes(bytes(entry.pdq)), 0).ids.tolist() for entry in entries
    ]


def reading_fails(loader) -> None:
    """The table is not as the statement expects it, for one question."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE moderation_bankentry RENAME COLUMN quality TO other")
        with pytest.raises(UndefinedColumn), transaction.atomic():
            loader.fresh()
        transaction.set_rollback(True)


def test_a_reload_that_fails_leaves_what_was_known_and_is_tried_again(bank, monkeypatch):
    rejecting, loader = bank(), loading.Loader()
    old, gone = (add(rejecting, pdq=os.urandom(32)) for _ in range(2))
    assert found(loader, old, gone) == [True, True]
    BankEntry.objects.filter(pk=gone.pk).update(removed_at=timezone.now())
    monkeypatch.setattr(loader, "_due_at", 0.0)

    reading_fails(loader)
    new = add(rejecting, pdq=os.urandom(32))
    assert found(loader, old, new, gone) == [True, True, True]
    assert 0 < loader._due_at - time.monotonic() <= loading.RETRY_SECONDS
    monkeypatch.setattr(loader, "_due_at", 0.0)
    assert found(loader, old, new, gone) == [True, True, False], "loaded anew"


def test_a_first_load_that_fails_is_repeated_by_the_next_question(bank):
    entry, loader = add(bank(), pdq=os.urandom(32)), loading.Loader()
    reading_fails(loader)
    assert found(loader, entry) == [True]


def test_loading_holds_little_more_than_the_index(bank, monkeypatch):
    monkeypatch.setattr(loading, "TOGETHER", 2_000)
    count = 60_000
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO moderation_bankentry (bank_id, key, pdq, label, source, subject_type,"
            " added_at, note) SELECT %s, gen_random_uuid(), sha256(n::text::bytea), '', '', '',"
            " now(), '' FROM generate_series(1, %s) n",
            [bank().pk, count],
        )
    tracemalloc.start()
    try:
        index = loading.Loader().fresh()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(index) == count
    assert peak < index.nbytes + 40 * count
