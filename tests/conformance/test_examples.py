"""The examples of the OpenAPI document: each request is answered, each answer is given as shown."""

import time
import uuid
from typing import Any, NamedTuple

import pytest
from drf_spectacular.generators import SchemaGenerator

from tests.conformance.targets import Target
from tests.generation.signing import CHAT, COVER, OPTIONS, WOMAN, Signing
from tests.media.samples import png

pytestmark = pytest.mark.django_db

GALLERY, ASSETS = "/api/list-character-images", "/v1/private-avatar/assets/list"
ONE = "/characters/{characterId}"
LINKS = f"{ONE}/knowledge-bases"
MODEL = {"model": "doubao-seedance-2-0-260128"}
CATALOGUE = {"namespace": "custom_agent"}
AGENT = {"conversationId": "conv-uuid", "text": "一艘船", "metadata": {}}
# What an example says word for word; of everything else it shows the form.
EXACT = {"success", "code", "message", "error", "errors", "Code"}
# What is left out of an answer where there is nothing to show.
OPTIONAL = {"URL", "url"}
# Answers that need a server of their own, and the tests that get them.
ELSEWHERE = {
    "Too many requests, please try again later": "test_limits_speak_in_the_vendors_words",
    "API key usage limit reached": "test_limits_speak_in_the_vendors_words",
    "Generation timed out": "test_a_backend_that_never_answers_is_10500_in_time",
    "Prompt refused: minor-safety": (
        "test_a_refused_prompt_generates_nothing_and_is_logged_without_its_text"
    ),
    "Generation failed: invalid_prompt": (
        "test_what_is_wrong_with_a_workflow_is_10500_by_its_name"
    ),
}


class Example(NamedTuple):
    method: str
    path: str
    status: int
    value: Any

    @property
    def says(self) -> str:
        """The sentence of a failure, "" for a success."""
        body = self.value if isinstance(self.value, dict) else {}
        error = body.get("ResponseMetadata", {}).get("Error", {})
        failed = body.get("success") is False
        return error.get("Code") or (body.get("error") or body["message"] if failed else "")


def contents(part: Any) -> list[Any]:
    return [
        example["value"]
        for content in part.get("content", {}).values()
        for example in content.get("examples", {}).values()
    ]


def gather() -> tuple[list[Example], list[Example]]:
    """(requests, answers) of the five contracts; `/v1/characters` is `/characters` once more."""
    paths = SchemaGenerator().get_schema(request=None, public=True)["paths"]
    asked, answered = [], []
    for path, operations in paths.items():
        if path.startswith(("/api/moderation/", "/v1/characters", "/metrics")):
            continue
        for method, operation in operations.items():
            verb = method.upper()
            for value in contents(operation.get("requestBody", {})):
                asked.append(Example(verb, path, 0, value))
            for status, response in operation["responses"].items():
                answered += [Example(verb, path, int(status), v) for v in contents(response)]
    return asked, answered


ASKED, ANSWERED = gather()
HERE = [each for each in ANSWERED if each.says not in ELSEWHERE]


class Caller:
    """Provokes answers by what an example is of: its path, status and sentence."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.signer = Signing(target.url, target.signed_key, target.secret, None)  # type: ignore[arg-type]

    def answer(self, example: Example) -> Any:
        if example.path in {COVER, CHAT, OPTIONS}:
            return self.signed(example)
        token = "gh_wrong" if example.status == 401 else self.target.member
        if example.path == GALLERY:
            return self.album(example, token)
        if example.path == ASSETS:
            groups = {"Filter": {"GroupIds": ["x"]}} if example.status == 404 else {}
            return self.target.call("POST", ASSETS, self.target.assets, json=MODEL | groups)
        return self.character(example, token)

    def album(self, example: Example, token: str) -> Any:
        body = {} if example.status == 400 else {"characterId": self.target.album}
        guest = "membershipRequired" in example.value
        return self.target.call("POST", GALLERY, None if guest else token, json=body)

    def character(self, example: Example, token: str) -> Any:
        known = str(uuid.uuid4()) if example.status == 404 else self.made(example.status)
        path = example.path.replace("{characterId}", known)
        path = path.replace("{knowledgeBaseId}", str(uuid.uuid4()))
        body: dict[str, Any] = {}
        if example.path.endswith("/avatar"):
            body = {"files": {"file": ("a.png", png(), "image/png")}}
        elif example.method in {"POST", "PUT"}:
            link = {"knowledgeBaseId": "no id" if example.status == 400 else str(uuid.uuid4())}
            name = {} if example.status == 400 else {"name": "Mira"}
            body = {"json": link if example.path == LINKS else name}
        if example.path == LINKS and example.method == "GET" and not example.says:
            self.target.call("POST", path, token, json={"knowledgeBaseId": str(uuid.uuid4())})
        query = "?limit=none" if example.status == 400 and example.method == "GET" else ""
        return self.target.call(example.method, path + query, token, **body)

    def made(self, status: int = 200) -> str:
        """A public character of the member's; for a 403 a private one of somebody else."""
        author = self.target.other if status == 403 else self.target.member
        body = {"name": "Mira", "isPublic": status != 403}
        made = self.target.call("POST", "/characters", author, json=body)
        return str(made.json()["id"])

    def signed(self, example: Example) -> Any:
        agents = {
            "Agent not found": "nobody",
            "Agent missing image generation config": self.target.agent_without_config,
        }
        bodies: dict[str, dict[str, Any]] = {
            COVER: WOMAN, OPTIONS: CATALOGUE,
            CHAT: AGENT | {"agentId": agents.get(example.says, self.target.agent)},
        }  # fmt: skip
        name = example.says.partition(" is required")[0]
        body = {key: value for key, value in bodies[example.path].items() if key != name}
        at = int(time.time()) - 4_000 if example.says == "Timestamp expired" else None
        headers = self.signer.headers(example.path, body, at=at)
        if example.says == "Invalid signature":
            headers["X-Signature"] = "0" * 64
        if example.says == "Invalid API key":
            headers["Authorization"] = "Bearer gh_wrong"
        return self.signer.send(example.path, body, headers)


def differs(shown: Any, given: Any, at: str = "$") -> str:
    """Where an answer is not of the form that an example shows, "" if it is."""
    if at.rpartition(".")[2] in EXACT and ".data." not in at:
        return "" if shown == given else f"{at}: {shown!r} is shown, {given!r} was given"
    if isinstance(shown, dict) and isinstance(given, dict):
        if (shown.keys() ^ given.keys()) - OPTIONAL:
            return f"{at}: {sorted(shown)} are shown, {sorted(given)} were given"
        both = shown.keys() & given.keys()
        found = [differs(shown[name], given[name], f"{at}.{name}") for name in both]
        return next(filter(None, found), "")
    if isinstance(shown, list) and isinstance(given, list):
        return differs(shown[0], given[0], f"{at}[]") if shown and given else ""
    if None in (shown, given) or type(shown) is type(given):
        return ""
    return f"{at}: {shown!r} is shown, {given!r} was given"


@pytest.fixture(scope="module")
def caller(gatehouse) -> Caller:
    return Caller(gatehouse)


def named(example: Example) -> str:
    return f"{example.method} {example.path} {example.status or ''} {example.says}"


@pytest.mark.parametrize("example", HERE, ids=named)
def test_an_answer_is_given_as_it_is_shown(caller, example):
    answer = caller.answer(example)
    assert answer.status_code == example.status, answer.text
    assert not differs(example.value, answer.json())


@pytest.mark.parametrize("example", ASKED, ids=named)
def test_a_request_is_answered_as_documented(caller, example, gatehouse):
    if example.path in {COVER, CHAT, OPTIONS}:
        answer = caller.signer.post(example.path, example.value)
        expected = "Agent not found" if example.path == CHAT else "OK"
        assert (answer.status_code, answer.json()["message"]) == (200, expected)
        return
    path = example.path.replace("{characterId}", caller.made())
    token = gatehouse.assets if path == ASSETS else gatehouse.member
    answer = gatehouse.call(example.method, path, token, json=example.value)
    # Ids and cursors of examples are nobody's.
    unknown = {ASSETS: 404, GALLERY: 400 if "cursor" in example.value else 200}
    assert answer.status_code == unknown.get(path, 201 if path == "/characters" else 200)


def test_answers_that_need_a_server_of_their_own_have_their_tests():
    from tests.codebase.sources import ROOT

    source = "".join(path.read_text() for path in (ROOT / "tests" / "generation").glob("*.py"))
    for says, test in ELSEWHERE.items():
        assert f"def {test}(" in source
        assert says in {each.says for each in ANSWERED}


def test_every_message_of_the_pages_is_in_the_document():
    said = {each.says for each in ANSWERED}
    assert said >= {
        "breastSize is required for female", "buttSize is required for female", "Invalid API key",
        "Too many requests, please try again later", "API key usage limit reached",
        "Agent not found", "Agent missing image generation config",
    }  # fmt: skip
