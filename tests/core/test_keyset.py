"""Keyset pages: every row once in both directions, whatever cursor is given."""

import pytest

from core.keyset import COUNT_LIMIT, count_rows, decode, encode, read_page
from gallery.models import ImageLog
from tests.factories import make_image


@pytest.fixture
def newest_first(db):
    return [make_image(case=False).pk for _ in range(23)][::-1]


def walk(step, parameters, size=5):
    """All ids of the pages from there on, in the order shown, page by page."""
    pages = []
    while True:
        page = read_page(ImageLog.objects.all(), parameters, size=size)
        pages.append([row.pk for row in page.rows])
        cursor = getattr(page, step)
        if cursor is None:
            return pages
        parameters = {{"older": "after", "newer": "before"}[step]: cursor}


def test_walking_to_older_pages_shows_every_row_once(newest_first):
    pages = walk("older", {})
    assert [pk for page in pages for pk in page] == newest_first
    assert [len(page) for page in pages] == [5, 5, 5, 5, 3]


def test_walking_back_from_the_last_page_shows_every_row_once(newest_first):
    pages = walk("newer", {"last": "1"})
    assert [pk for page in reversed(pages) for pk in page] == newest_first


def test_the_first_page_has_nothing_newer_and_the_last_nothing_older(newest_first):
    first = read_page(ImageLog.objects.all(), {}, size=5)
    last = read_page(ImageLog.objects.all(), {"last": "1"}, size=5)
    assert (first.newer, last.older) == (None, None)
    assert first.older and last.newer


def test_a_table_of_one_page_has_no_other(newest_first):
    for parameters in ({}, {"last": "1"}):
        page = read_page(ImageLog.objects.all(), parameters, size=23)
        assert [row.pk for row in page.rows] == newest_first
        assert (page.newer, page.older) == (None, None)


def test_rows_that_arrive_while_paging_neither_repeat_nor_hide_any(newest_first):
    first = read_page(ImageLog.objects.all(), {}, size=5)
    for _ in range(7):
        make_image(case=False)
    second = read_page(ImageLog.objects.all(), {"after": first.older}, size=5)
    assert [row.pk for row in second.rows] == newest_first[5:10]


@pytest.mark.parametrize(
    "cursor", ["", "x", "%%%", "a" * 5000, encode("not-a-uuid"), "\x00", "日本"]
)
def test_a_cursor_that_is_not_ours_gives_the_first_page(newest_first, cursor):
    assert decode(ImageLog, cursor) is None
    for name in ("after", "before"):
        page = read_page(ImageLog.objects.all(), {name: cursor}, size=5)
        assert [row.pk for row in page.rows] == newest_first[:5]


def test_no_page_takes_more_than_one_query(newest_first, django_assert_num_queries):
    middle = encode(newest_first[10])
    for parameters in ({}, {"last": "1"}, {"after": middle}, {"before": middle}):
        with django_assert_num_queries(1):
            read_page(ImageLog.objects.all(), parameters, size=5)


def test_a_small_table_is_counted_exactly(newest_first):
    count = count_rows(ImageLog.objects.all(), filtered=False)
    assert (count.rows, count.estimated, count.capped) == (23, False, False)
    some = ImageLog.objects.filter(pk__in=newest_first[:4])
    assert count_rows(some, filtered=True).rows == 4


def test_a_large_count_is_capped_and_a_large_table_estimated(db, monkeypatch):
    monkeypatch.setattr("core.keyset.COUNT_LIMIT", 10)
    for _ in range(12):
        make_image(case=False)
    capped = count_rows(ImageLog.objects.all(), filtered=True)
    assert (capped.rows, capped.capped) == (10, True)
    assert COUNT_LIMIT == 10_000
