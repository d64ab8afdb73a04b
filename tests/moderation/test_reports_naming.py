"""Reports: how the subject is named, by ids and by links of ours, and bodies that are wrong."""

import uuid

import pytest

from media import services as media
from moderation.models import Report
from tests.factories import (
    make_image,
    make_person,
    make_source,
)
from tests.media.samples import png
from tests.moderation.test_reports import judge, said
from tests.moderation.test_rest import api

pytestmark = pytest.mark.django_db(transaction=True)

__all__ = ["api"]


def _stored(subject) -> None:
    media.store_bytes(
        subject_type=subject.subject_type(), subject_id=subject.pk, role="picture", data=png()
    )


def _link(subject, *, ttl=600, purpose="client") -> str:
    links = media.pictures(subject_ids=[subject.pk], purpose=purpose, user_id=None, ttl=ttl)
    return links[subject.pk].url or ""


@pytest.fixture
def our_links(server, settings):
    """Links made here lead to the server."""
    settings.PUBLIC_URL = server.url


@pytest.mark.usefixtures("our_links")
def test_a_link_of_ours_names_the_picture_also_when_it_is_expired_or_dead(api):
    image, client = make_image(review_status="approved"), api("viewer")
    _stored(image)
    living, expired = _link(image), _link(image, ttl=-60)
    for number, url in enumerate((living, expired, living + "?v=1")):
        body = {"url": url, "reporter": f"user-{number}", "text": "See there."}
        answer = client.post("reports/", json=body)
        assert answer.status_code == 201, answer.text
        assert answer.json()["subject"]["id"] == str(image.pk)
    judge(make_person(role="moderator"), image, "reject")
    assert client.get(living).status_code == 404
    answer = client.post("reports/", json={"url": living, "reporter": "a", "kind": "appeal"})
    assert answer.status_code == 201


def test_a_subjects_page_and_the_upstreams_own_id_name_it_too(api, server):
    image, client = make_image(review_status="approved"), api("viewer")
    for target in (
        {"url": f"{server.url}/admin/subjects/gallery.imagelog/{image.pk}/"},
        {"url": f"/admin/subjects/gallery.imagelog/{image.pk}/"},
        {"subject": {"type": "gallery.imagelog", "id": image.upstream_id}},
    ):
        answer = client.post("reports/", json=target | {"reporter": str(target)[:200]})
        assert answer.status_code == 201, answer.text
        assert answer.json()["subject"]["id"] == str(image.pk)


def test_of_two_sources_with_one_id_the_first_is_meant(api):
    first = make_image(source=make_source("one"), upstream_id="same", review_status="approved")
    make_image(source=make_source("two"), upstream_id="same", review_status="approved")
    body = {"subject": {"type": "gallery.imagelog", "id": "same"}}
    assert api("viewer").post("reports/", json=body).json()["subject"]["id"] == str(first.pk)


@pytest.mark.usefixtures("our_links")
def test_what_is_unknown_purged_or_somewhere_else_is_404_all_the_same(api, server):
    client, purged = api("viewer"), make_image(review_status="purged")
    image = make_image()
    _stored(image)
    link = _link(image)
    bodies = [
        said(purged),
        {"subject": {"type": "gallery.imagelog", "id": str(uuid.uuid4())}},
        {"subject": {"type": "gallery.imagelog", "id": "no such thing"}},
        {"subject": {"type": "auth.user", "id": "1"}},
        {"url": "https://elsewhere.example/media/x.png"},
        {"url": link.replace("/media/", "/media/x")},
        {"url": f"{server.url}/admin/"},
        {"url": "http://[::1"},
        {"url": "not an address"},
    ]
    answers = [client.post("reports/", json=body) for body in bodies]
    assert [answer.status_code for answer in answers] == [404] * len(bodies)
    assert len({answer.text for answer in answers}) == 1
    assert not Report.objects.exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "subject"),
        ({"subject": "x"}, "subject"),
        ({"subject": {"type": "gallery.imagelog"}}, "subject"),
        ({"subject": {"type": "gallery.imagelog", "id": "x"}, "url": "/media/x"}, "subject"),
        ({"url": "/media/x", "kind": "complaint"}, "kind"),
        ({"url": "/media/x", "reporter": ""}, "reporter"),
        ({"url": "/media/x", "reporter": "x" * 256}, "reporter"),
        ({"url": "/media/x", "category": "x" * 51}, "category"),
        ({"url": "/media/x", "text": "x" * 4001}, "text"),
        ({"url": "/media/x", "text": "nul \u0000"}, "text"),
        ({"url": "/media/x", "text": ["list"]}, "text"),
        ([], "non_field_errors"),
    ],
)
def test_odd_bodies_are_told_what_is_wrong(api, body, field):
    answer = api("viewer").post("reports/", json=body)
    assert answer.status_code == 400
    assert field in answer.json()["errors"]


def test_half_a_character_is_refused(api):
    answer = api("viewer").post(
        "reports/",
        content=b'{"url": "/media/x", "text": "\\ud800"}',
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == 400
