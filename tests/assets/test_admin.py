"""The lists of assets and of their groups."""

from tests.factories import make_asset, make_group

URL = "/admin/assets/asset/"
GROUPS = "/admin/assets/assetgroup/"


def names(answer):
    assert answer.status_code == 200
    return [row.name for row in answer.context["cl"].result_list]


def test_assets_are_filtered_by_group_type_and_state(as_):
    real = make_group(group_type="LivenessFace", upstream_id="faces")
    make_asset(name="face", group=real, status="Active")
    make_asset(name="drawn", status="Failed", asset_type="Video")
    browser = as_("viewer")
    assert names(browser.get(URL)) == ["drawn", "face"]
    assert names(browser.get(URL, {"group": "faces"})) == ["face"]
    assert names(browser.get(URL, {"group_type": "LivenessFace"})) == ["face"]
    assert names(browser.get(URL, {"asset_type": "Video"})) == ["drawn"]
    assert names(browser.get(URL, {"upstream_state": "Failed"})) == ["drawn"]


def test_a_group_of_unknown_type_is_marked_as_a_real_face(as_):
    make_asset(group=make_group(group_type=""))
    assert "Unknown: as a real face" in as_("viewer").get(URL).content.decode()
    assert "Unknown: as a real face" in as_("viewer").get(GROUPS).content.decode()


def test_groups_are_found_by_how_their_id_begins(as_):
    for name in ("alpha-1", "alpha-2", "beta-1"):
        make_group(upstream_id=name)
    page = as_("viewer").get(GROUPS, {"upstream_id": "alpha"})
    found = [row.upstream_id for row in page.context["cl"].result_list]
    assert found == ["alpha-2", "alpha-1"]


def test_the_list_costs_the_same_however_long_it_is(
    as_, django_assert_num_queries, django_assert_max_num_queries
):
    make_asset()
    browser = as_("viewer")
    browser.get(URL)
    with django_assert_max_num_queries(12) as few:
        browser.get(URL)
    price = len(few)
    for _ in range(30):
        make_asset()
    with django_assert_num_queries(price):
        browser.get(URL)
