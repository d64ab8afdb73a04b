"""The lists behind the scenes: read by leads and operators, changed by nobody."""

import uuid

import pytest

from media import services
from media.models import Attachment, ViewLog
from tests.factories import make_person
from tests.media import samples

pytestmark = pytest.mark.django_db

LISTS = ["file", "attachment", "viewlog"]


@pytest.fixture
def row() -> Attachment:
    row = services.store_bytes(
        data=samples.png(), subject_type="gallery.imagelog", subject_id=uuid.uuid4()
    )
    ViewLog.objects.create(
        attachment_id=row.pk,
        subject_type=row.subject_type,
        subject_id=row.subject_id,
        user_id=1,
        purpose="lead",
        variant="view",
    )
    return row


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        ("admin", LISTS),
        ("lead", LISTS),
        ("operator", ["file", "attachment"]),
        ("moderator", []),
        ("viewer", []),
    ],
)
def test_leads_and_operators_read_and_the_log_of_views_is_for_leads(
    client, row, name, role, allowed
):
    client.force_login(make_person(role=role))
    pk = {"file": row.file_id, "attachment": row.pk, "viewlog": ViewLog.objects.get().pk}[name]

    expected = 200 if name in allowed else 403
    assert client.get(f"/admin/media/{name}/").status_code == expected
    assert client.get(f"/admin/media/{name}/{pk}/change/").status_code == expected
    assert client.get(f"/admin/media/{name}/add/").status_code == 403
    assert client.post(f"/admin/media/{name}/{pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.post(f"/admin/media/{name}/{pk}/change/", {"role": "x"}).status_code == 403


def test_the_list_shows_a_blurred_thumbnail_but_never_of_what_is_held_or_sensitive(client, row):
    client.force_login(make_person(role="lead"))

    page = client.get("/admin/media/attachment/").content.decode()
    assert "/media/" in page
    assert "blur" in page
    for flag in ("sensitive", "held"):
        Attachment.objects.update(sensitive=flag == "sensitive", held=flag == "held")
        assert "blur(6px)" not in client.get("/admin/media/attachment/").content.decode()


@pytest.mark.parametrize("name", LISTS)
def test_lists_never_count_a_whole_table(client, row, name, django_assert_max_num_queries):
    client.force_login(make_person(role="lead"))

    with django_assert_max_num_queries(15) as queries:
        client.get(f"/admin/media/{name}/")

    whole = f'SELECT COUNT(*) AS "__count" FROM "media_{name}"'
    assert not [each["sql"] for each in queries if each["sql"].strip() == whole]


def test_search_finds_by_subject_and_by_hash_and_takes_any_text(client, row):
    client.force_login(make_person(role="lead"))
    digest = bytes(row.file.sha256).hex()

    def found(name: str, text: str) -> bool:
        answer = client.get(f"/admin/media/{name}/", {"q": text})
        assert answer.status_code == 200
        return "/change/" in answer.content.decode()

    for name, text in (
        ("file", digest), ("attachment", str(row.subject_id)), ("viewlog", str(row.subject_id))
    ):  # fmt: skip
        assert found(name, text)
        assert not found(name, "nonsense")
        assert not found(name, text[:-1] + ("0" if text[-1] != "0" else "1"))


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("file", {"mime": "image/png"}),
        ("file", {"erased": "true"}),
        ("attachment", {"state": "wanted"}),
        ("attachment", {"held": "true"}),
        ("viewlog", {"purpose": "lead"}),
    ],
)
def test_filters_narrow_the_lists(client, row, name, query):
    client.force_login(make_person(role="lead"))

    page = client.get(f"/admin/media/{name}/", query).content.decode()

    matches = query in ({"mime": "image/png"}, {"purpose": "lead"})
    assert ("/change/" in page) == matches
