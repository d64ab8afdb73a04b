"""The OpenAPI document against the running server: no 5xx, no status that is not documented.

Schemathesis sends the documented examples, every boundary of every field, and some values at
random. Where a key is needed and none is sent, the answer comes before any field is read: there
the random ones do.
"""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import status_code_conformance

from accounts.keys import issue_key
from tests.factories import make_asset, make_character, make_image, make_person

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
SCOPES = ["public", "characters", "assets", "generation", "moderation"]


@pytest.fixture(scope="package")
def everything(gatehouse, django_db_blocker) -> str:
    """A key that opens everything, of somebody with every right; and rows to meet."""
    with django_db_blocker.unblock():
        for make in (make_image, make_character, make_asset):
            make()
        user = make_person("conform-admin", role="admin")
        return issue_key(user=user, scopes=SCOPES).plain


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    """One connection for all calls."""
    with requests.Session() as opened:
        yield opened


def check(case, url: str, session: requests.Session, key: str = "") -> Any:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    if not key:
        case.headers.pop("Authorization", None)
    return case.call_and_validate(
        base_url=url,
        session=session,
        headers=headers,
        timeout=60,
        checks=[not_a_server_error, status_code_conformance],
    )


def takes_guests(context) -> bool:
    return {} in context.operation.definition.raw.get("security", [{}])


@SCHEMA.parametrize()
@FEW
def test_with_credentials(case, gatehouse, everything, session):
    check(case, gatehouse.url, session, everything)


@SCHEMA.include(func=takes_guests).parametrize()
@FEW
def test_as_a_guest(case, gatehouse, session):
    check(case, gatehouse.url, session)


@SCHEMA.exclude(func=takes_guests).parametrize()
@RANDOM
def test_without_the_credentials_that_are_needed(case, gatehouse, session):
    assert check(case, gatehouse.url, session).status_code >= 400
