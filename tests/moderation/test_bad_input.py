"""What no client should send to the moderation REST: it is told so, and nothing fails."""

import pytest

from tests.factories import make_image
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


@pytest.mark.parametrize("sign", ["\\u0000", "\\ud800"])
def test_a_character_that_cannot_be_stored_fails_its_row_alone(api, sign):
    image, other = make_image(), make_image()
    rows = [
        f'{{"subject": {{"type": "gallery.imagelog", "id": "{pk}"}}, "action": "reject",'
        f' "reason": "{reason}", "note": "{note}"}}'
        for pk, reason, note in (
            (image.pk, sign, ""), (image.pk, "spam", f"a{sign}b"), (other.pk, "spam", "fine"),
        )
    ]  # fmt: skip
    answer = api("moderator").post(
        "decisions/", content=f'{{"decisions": [{", ".join(rows)}]}}'.encode(),
        headers={"Content-Type": "application/json"},
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    results = answer.json()["results"]
    assert [each["status"] for each in results] == ["invalid", "invalid", "applied"]
    assert results[0]["error"] == "reason holds a character that cannot be stored."
