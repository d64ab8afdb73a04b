"""The list of characters and a character's record."""

from characters.models import KnowledgeBaseLink
from tests.factories import make_character

URL = "/admin/characters/character/"


def names(answer):
    assert answer.status_code == 200
    return [row.name for row in answer.context["cl"].result_list]


def test_characters_are_listed_and_found_by_author_and_id(as_):
    mira, vane = make_character(name="Mira", author_id="anna"), make_character(name="Vane")
    browser = as_("viewer")
    assert names(browser.get(URL)) == ["Vane", "Mira"]
    assert names(browser.get(URL, {"q": "ann"})) == ["Mira"]
    assert names(browser.get(URL, {"q": vane.upstream_id})) == ["Vane"]
    assert names(browser.get(URL, {"q": str(mira.pk)})) == ["Mira"]
    assert names(browser.get(URL, {"user": "anna", "public": "true"})) == ["Mira"]
    assert names(browser.get(URL, {"public": "false"})) == []


def test_the_list_costs_the_same_however_long_it_is(
    as_, django_assert_num_queries, django_assert_max_num_queries
):
    make_character()
    browser = as_("viewer")
    browser.get(URL)
    with django_assert_max_num_queries(12) as few:
        browser.get(URL)
    price = len(few)
    for _ in range(30):
        make_character()
    with django_assert_num_queries(price):
        browser.get(URL)


def test_a_record_shows_knowledge_bases_and_texts_and_takes_no_change(as_):
    character = make_character(name="Mira", bio="Paints lighthouses.")
    KnowledgeBaseLink.objects.create(character=character, knowledge_base_id="kb-1", priority=3)
    url = f"{URL}{character.pk}/change/"
    for role in ("viewer", "admin"):
        page = as_(role).get(url)
        assert "kb-1" in page.content.decode()
        assert "Paints lighthouses." in page.content.decode()
        assert as_(role).post(url, {"name": "Other"}).status_code == 403
    character.refresh_from_db()
    assert character.name == "Mira"


def test_the_record_of_what_is_held_is_its_logged_page_instead(as_):
    character = make_character()
    subject = f"/admin/subjects/characters.character/{character.pk}/"
    as_("lead").post(f"{subject}decide/", {"action": "hold", "note": "court order"})
    answer = as_("lead").get(f"{URL}{character.pk}/change/")
    assert answer["Location"] == subject
    assert as_("viewer").get(f"{URL}{character.pk}/change/").status_code == 302
    assert "/subjects/" not in as_("viewer").get(f"{URL}{character.pk}/change/")["Location"]
