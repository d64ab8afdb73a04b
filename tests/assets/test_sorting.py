"""Assets by group and by name: sorted by the group's own id, found by an index."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assets.listing import Query, list_assets
from assets.models import Asset
from tests.factories import make_asset, make_group, make_source

pytestmark = pytest.mark.django_db

PAGE = {"page": 1, "size": 10, "sort": "GroupId", "descending": False}


@pytest.fixture
def source():
    return make_source("assets", kind="assets")


def listed(**asked):
    shown, total = list_assets(Query(**{**PAGE, **asked}), user_id=1, source="")
    return [each.asset for each in shown], total


def plan_of(asked):
    """The plan of the statement that chose a page's ids, as it would be for many rows."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
        with CaptureQueriesContext(connection) as queries:
            listed(**asked)
        (sql,) = [
            each["sql"] for each in queries if "ORDER BY" in each["sql"] and "LIMIT" in each["sql"]
        ]
        cursor.execute(f"EXPLAIN {sql}")
        return "\n".join(line for (line,) in cursor.fetchall()), len(queries)


def test_an_asset_goes_by_its_groups_id_whatever_was_written(source):
    group, other = (
        make_group(source=source, upstream_id="b"),
        make_group(source=source, upstream_id="a"),
    )
    asset = make_asset(group=group, group_name="made up")
    asset.refresh_from_db()
    assert asset.group_name == "b"
    Asset.objects.filter(pk=asset.pk).update(group=other)
    asset.refresh_from_db()
    assert asset.group_name == "a"
    Asset.objects.filter(pk=asset.pk).update(group_name="x", name="y")
    asset.refresh_from_db()
    assert (asset.group_name, asset.name) == ("a", "y")


@pytest.mark.parametrize("descending", [False, True])
def test_the_order_is_that_of_the_groups_ids_then_of_creation(source, descending):
    for name in ("group-2", "Group-1", "组", "group-10", "", "group-1"):
        group = make_group(source=source, upstream_id=name)
        for _ in range(3):
            make_asset(group=group)
    sign = "-" if descending else ""
    expected = Asset.objects.order_by(f"{sign}group__upstream_id", f"{sign}created_at", f"{sign}id")
    found, total = listed(descending=descending, size=100)
    assert total == 18
    assert found == list(expected)
    pages = [listed(descending=descending, size=4, page=page)[0] for page in range(1, 6)]
    assert [row for page in pages for row in page] == found


def test_a_page_by_group_is_read_along_an_index(source):
    for _ in range(5):
        make_asset(group=make_group(source=source))
    for descending in (False, True):
        plan, _ = plan_of({"descending": descending})
        assert "asset_by_group" in plan and "Sort" not in plan


def test_a_search_by_name_costs_one_statement_more_however_many_it_finds(source):
    group = make_group(source=source)
    for number in range(12):
        make_asset(group=group, name=f"雀国华 {number}")
    used = []
    for asked in ({}, {"name": "国"}, {"name": "国华 1"}, {"name": "雀国华 11"}):
        with CaptureQueriesContext(connection) as queries:
            found, total = listed(**asked)
        assert found and total
        used.append(len(queries))
    assert used == [used[0], *[used[0] + 1] * 3]


def test_names_are_found_by_any_part_in_whatever_case(source):
    group = make_group(source=source)
    for name in ("雀国华", "Portrait of Ann", "100%", "a_b"):
        make_asset(group=group, name=name)
    found = {
        words: [row.name for row in listed(name=words)[0]]
        for words in ("国", "国华", "ORT", "nn", "%", "_", "华雀", "xyz")
    }
    assert found == {
        "国": ["雀国华"], "国华": ["雀国华"], "ORT": ["Portrait of Ann"], "nn": ["Portrait of Ann"],
        "%": ["100%"], "_": ["a_b"], "华雀": [], "xyz": [],
    }  # fmt: skip
