"""Generation requests in the console: what became of them, never what was asked."""

import pytest
from django.utils import timezone

from accounts.keys import issue_key
from tests.factories import make_person
from upstream.models import GenerationRequest

pytestmark = pytest.mark.django_db
LIST = "/admin/upstream/generationrequest/"


@pytest.fixture
def request_made():
    key = issue_key(user=make_person("client"), scopes=["generation"], signed=True).key
    now = timezone.now()
    return GenerationRequest.objects.create(
        kind="chat_image", key=key, user_id="user-1", request_id="request-1", digest=b"x",
        parameters={"text": "secret hills"}, due_at=now, created_at=now, answer_by=now,
        answer={"message": "secret answer"}, state="failed", ended_at=now, error="connect",
    )  # fmt: skip


@pytest.mark.parametrize("query", ["", "?state=failed", "?kind=chat_image&user=user-1"])
def test_the_list_and_a_request_are_read_without_its_prompt(client, request_made, query):
    client.force_login(make_person("vic", role="viewer"))
    for path in (LIST + query, f"{LIST}{request_made.pk}/change/"):
        page = client.get(path)
        assert page.status_code == 200
        text = page.content.decode()
        assert "secret" not in text and "connect" in text


def test_nobody_edits_or_deletes_them(client, request_made):
    client.force_login(make_person("root", role="admin"))
    assert client.post(f"{LIST}{request_made.pk}/change/", {"state": "done"}).status_code == 403
    assert client.get(f"{LIST}add/").status_code == 403
    assert client.post(f"{LIST}{request_made.pk}/delete/", {"post": "yes"}).status_code == 403


def test_the_list_takes_the_same_queries_for_many(client, request_made):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client.force_login(make_person("vic", role="viewer"))
    counted = []
    for more in (0, 12):
        for number in range(more):
            GenerationRequest.objects.create(
                kind="cover", key=request_made.key, user_id="u", request_id=f"r{number}",
                digest=b"x", due_at=timezone.now(), created_at=timezone.now(),
                answer_by=timezone.now(),
            )  # fmt: skip
        client.get(LIST)
        with CaptureQueriesContext(connection) as queries:
            client.get(LIST)
        counted.append(len(queries))
    assert counted[0] == counted[1]
