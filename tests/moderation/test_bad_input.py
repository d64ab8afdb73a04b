"""What no client should send to the moderation REST: it is told so, and nothing fails."""

import pytest

from tests.moderation.test_rest import api

__all__ = ["api"]

pytestmark = pytest.mark.django_db(transaction=True)


def problem(answer, status):
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    return answer.json()


@pytest.mark.parametrize(
    "path",
    ["reports/?reporter=%00", "subjects/?character=a%00", "subjects/?user=%00", "subjects/?q=%00",
     "decisions/?actor=%00", "decisions/?subject_type=%00", "runs/?source=%00"],
)  # fmt: skip
def test_a_query_with_a_nul_is_400(api, path):
    assert problem(api("viewer").get(path), 400)["detail"] == "The query holds a NUL character."


@pytest.mark.parametrize("path", ["reports/", "decisions/", "match/", "queues/images/claim/"])
def test_a_body_nested_without_end_is_400(api, path):
    client = api("moderator")
    for body in (b"[" * 100_000, b'{"decisions": ' + b"[" * 5_000 + b"]" * 5_000 + b"}"):
        answer = client.post(path, content=body, headers={"Content-Type": "application/json"})
        problem(answer, 400)


@pytest.mark.parametrize("path", ["reports/", "decisions/", "match/"])
def test_a_number_too_long_to_read_is_400(api, path):
    body = b'{"a": ' + b"9" * 5_000 + b"}"
    client = api("moderator")
    problem(client.post(path, content=body, headers={"Content-Type": "application/json"}), 400)
