"""The OpenAPI document against the running server: no 5xx, no status, media type or body that is
not documented.

Schemathesis sends the documented examples, every boundary of every field, and some values at
random. Where a key is needed and none is sent, the answer comes before any field is read: there
the random ones do.
"""

import time
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
import schemathesis
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from accounts.keys import IssuedKey, issue_key
from accounts.signed import HEADERS
from characters.api.base import VENDOR_TYPE
from core.signing import base_string, parse_body, sign
from tests.factories import (
    make_asset,
    make_character,
    make_fault,
    make_image,
    make_person,
    make_run,
)

# Not transactional: the rows of the suite stay; what these calls write goes with them.
pytestmark = [pytest.mark.django_db, pytest.mark.timeout(300)]

SCHEMA = schemathesis.openapi.from_dict(SchemaGenerator().get_schema(request=None, public=True))
FEW = settings(
    max_examples=4,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
RANDOM = settings(FEW, phases=[Phase.generate])
REST, IMAGES = "/api/moderation/", "gallery.imagelog"
SCOPES = ["public", "characters", "assets", "generation", "moderation"]


@pytest.fixture(scope="package")
def everything(gatehouse, django_db_blocker) -> str:
    """A key that opens everything, of somebody with every right; and rows to meet."""
    with django_db_blocker.unblock():
        for make in (make_image, make_character, make_asset):
            make()
        user = make_person("conform-admin", role="admin")
        return issue_key(user=user, scopes=SCOPES).plain


@pytest.fixture(scope="package")
def signing(gatehouse, django_db_blocker) -> IssuedKey:
    with django_db_blocker.unblock():
        user = make_person("conform-signer")
        return issue_key(user=user, scopes=["generation"], signed=True)


@pytest.fixture(scope="package")
def there(gatehouse, everything, django_db_blocker) -> dict[str, dict[str, str]]:
    """Parameters that name a row, by the beginning of their paths."""
    with django_db_blocker.unblock():
        image = str(make_image().pk)
        run = make_run()
        make_fault(run)
    reported = {"subject": {"type": IMAGES, "id": image}, "reporter": "r", "category": "spam"}
    character = gatehouse.call("POST", "/characters", everything, json={"name": "Mira"}).json()
    link = {"knowledgeBaseId": str(uuid.uuid4())}
    links = f"/characters/{character['id']}/knowledge-bases"
    assert gatehouse.call("POST", links, everything, json=link).status_code == 200
    report = gatehouse.call("POST", f"{REST}reports/", everything, json=reported).json()
    return {
        f"{REST}reports": {"id": report["id"]},
        f"{REST}runs": {"id": str(run.pk)},
        f"{REST}subjects": {"subject_type": IMAGES, "id": image},
        "/characters": {"characterId": character["id"]},
        "/v1/characters": {"characterId": character["id"]},
    }


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    """One connection for all calls."""
    with requests.Session() as opened:
        yield opened


class Signed(requests.auth.AuthBase):
    """Signs a request as it goes out, each for a user of its own: no two share a signature."""

    def __init__(self, key: IssuedKey) -> None:
        self.key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        at = urlsplit(str(request.url))
        sent = request.body or b""
        label = str(request.headers.get("Content-Type", ""))
        body = sent if isinstance(sent, bytes) else str(sent).encode()
        moment, user = str(int(time.time())), f"conform-{uuid.uuid4()}"
        base = base_string(
            method=str(request.method),
            path=at.path,
            timestamp=moment,
            user_id=user,
            query=parse_qsl(at.query, keep_blank_values=True),
            body=None if label.startswith("multipart/") else parse_body(body),
        )
        request.headers.update(
            {
                "Authorization": f"Bearer {self.key.plain}",
                "X-Timestamp": moment,
                "X-Signature": sign(self.key.secret, base),
                "X-Request-ID": uuid.uuid4().hex,
                "X-User-ID": user,
            }
        )
        return request


def check(case, url: str, session: requests.Session, key: str = "", **options: Any) -> Any:
    headers = options.pop("headers", {})
    if key:
        headers["Authorization"] = f"Bearer {key}"
    else:
        case.headers.pop("Authorization", None)
    return case.call_and_validate(
        base_url=url,
        session=session,
        headers=headers,
        timeout=60,
        checks=[
            not_a_server_error,
            status_code_conformance,
            content_type_conformance,
            response_schema_conformance,
        ],
        **options,
    )


def security(context) -> list[dict[str, Any]]:
    return context.operation.definition.raw.get("security", [{}])


def takes_guests(context) -> bool:
    return {} in security(context)


def is_signed(context) -> bool:
    return any("signed" in each for each in security(context))


def is_wrapped(context) -> bool:
    responses = context.operation.definition.raw["responses"].values()
    return any(VENDOR_TYPE in response.get("content", {}) for response in responses)


def names_one(context) -> bool:
    """Reads a row, or changes a character."""
    method, path = context.operation.method, context.operation.path
    return ("{" in path and method == "get") or ("{c" in path and method in {"put", "post"})


@pytest.mark.parametrize("path", ["/v1/agent/cover", "/v1/chat/image", "/v1/config/options"])
def test_a_signed_call_names_key_signature_and_every_header(path):
    operation = SCHEMA.raw_schema["paths"][path]["post"]
    schemes = SCHEMA.raw_schema["components"]["securitySchemes"]
    (needed,) = operation["security"]
    assert schemes["signingKey"] == {"type": "http", "scheme": "bearer"}
    assert set(needed) == {"signingKey", "signed"}
    headers = {each["name"] for each in operation["parameters"] if each["required"]}
    assert headers == set(HEADERS)


@SCHEMA.exclude(func=is_signed).parametrize()
@FEW
def test_with_credentials(case, gatehouse, everything, session):
    check(case, gatehouse.url, session, everything)


@SCHEMA.include(func=is_signed).parametrize()
@FEW
def test_signed(case, gatehouse, signing, session):
    answer = check(case, gatehouse.url, session, auth=Signed(signing))
    # Whatever the fields hold, they are looked at: the signature is right.
    assert answer.status_code in {200, 405, 413}


@pytest.mark.parametrize(
    ("text", "code"), [("hills at dawn", 10200), ("a boy, 12 years old", 10400), (" ", 10400)]
)
def test_what_a_signed_call_says(text, code, gatehouse, signing, session):
    body = {"agentId": gatehouse.agent, "conversationId": "c", "text": text}
    case = SCHEMA["/v1/chat/image"]["POST"].Case(body=body, media_type="application/json")
    answer = check(case, gatehouse.url, session, auth=Signed(signing))
    assert answer.json()["code"] == code


@SCHEMA.include(func=is_wrapped).parametrize()
@RANDOM
def test_in_the_vendors_envelope(case, gatehouse, everything, session):
    check(case, gatehouse.url, session, everything, headers={"Accept": VENDOR_TYPE})


@SCHEMA.include(func=names_one).parametrize()
@FEW
def test_what_is_there(case, gatehouse, everything, there, session):
    path = case.operation.path
    case.path_parameters = next(names for start, names in there.items() if path.startswith(start))
    accepted = ["*/*", VENDOR_TYPE] if is_wrapped(case) else ["*/*"]
    for accept in accepted:
        answer = check(case, gatehouse.url, session, everything, headers={"Accept": accept})
        assert answer.status_code != 404


@SCHEMA.include(func=takes_guests).parametrize()
@FEW
def test_as_a_guest(case, gatehouse, session):
    check(case, gatehouse.url, session)


@SCHEMA.exclude(func=takes_guests).parametrize()
@RANDOM
def test_without_the_credentials_that_are_needed(case, gatehouse, session):
    assert check(case, gatehouse.url, session).status_code >= 400
