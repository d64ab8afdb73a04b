"""A client of contract 5 over real HTTP, and keys for it."""

from typing import Any

import httpx

from accounts.keys import Limits, issue_key
from accounts.models import User
from accounts.services import add_identity
from characters.models import Character
from moderation.actors import Actor
from moderation.models import Reviewable
from moderation.services import Request, decide
from tests.factories import make_person
from upstream.models import Source

FIELDS = {
    "id", "authorId", "name", "avatar", "bio", "originPrompt", "isPublic", "createdAt", "updatedAt",
}  # fmt: skip
PAGE = {"items", "total", "page", "limit", "totalPages", "hasNext", "hasPrevious"}
ERROR = {"success", "code", "message", "data", "errors", "timestamp"}


class Client:
    """The endpoints; `key` None calls them as a guest."""

    def __init__(self, url: str, prefix: str = "") -> None:
        self.url = url + prefix

    def call(
        self, method: str, path: str, key: str | None = None, **options: Any
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        headers |= options.pop("headers", {})
        return httpx.request(method, self.url + path, headers=headers, timeout=20, **options)

    def get(self, path: str, key: str | None = None, **query: Any) -> Any:
        """The JSON of a success."""
        answer = self.call("GET", path, key, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def create(self, key: str, **fields: Any) -> Any:
        answer = self.call("POST", "/characters", key, json={"name": "Mira", **fields})
        assert answer.status_code == 201, answer.text
        return answer.json()

    def put(self, character_id: str, key: str, **fields: Any) -> Any:
        answer = self.call("PUT", f"/characters/{character_id}", key, json=fields)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def status(self, method: str, path: str, key: str | None = None, **options: Any) -> int:
        """The status; a failure has to be in the contract's form."""
        answer = self.call(method, path, key, **options)
        if answer.status_code >= 400:
            error_of(answer, answer.status_code)
        return answer.status_code

    def names(self, path: str, key: str | None = None, **query: Any) -> list[str]:
        page = self.get(path, key, **query)
        assert set(page) == PAGE
        return [item["name"] for item in page["items"]]


def error_of(answer: httpx.Response, status: int) -> Any:
    """The body of a failure, which has to be in the contract's form."""
    body = answer.json()
    assert answer.status_code == status, answer.text
    assert set(body) == ERROR, body
    assert (body["success"], body["data"]) == (False, None)
    assert isinstance(body["message"], str) and len(body["message"]) > 5
    assert isinstance(body["errors"], dict)
    assert answer.headers["Content-Type"] == "application/json"
    return body


def key_of(user: User, *identities: tuple[Source, str], **key: Any) -> str:
    """A key with the scope characters of a person who is these upstream users."""
    for source, upstream_user_id in identities:
        add_identity(user=user, source=source.name, upstream_user_id=upstream_user_id)
    scopes = key.pop("scopes", ["characters"])
    source = key.pop("source", "")
    return issue_key(user=user, scopes=scopes, source=source, limits=Limits(**key)).plain


def key(name: str, *identities: tuple[Source, str], **options: Any) -> str:
    return key_of(make_person(name), *identities, **options)


def own(item: Any) -> Character:
    """The row behind what a client was given of something made here."""
    return Character.objects.get(pk=item["id"])


def act(action: str, subject: Reviewable, *, role: str = "lead", **words: Any) -> None:
    """Somebody new with that role decides."""
    actor = Actor.person(make_person(role=role))
    request = Request(action, subject=subject.subject_key, **words)
    result = decide(requests=[request], actor=actor).results[0]
    assert result.status == "applied", result.error
