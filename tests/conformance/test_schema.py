"""The OpenAPI document against the running server: no 5xx, no status that is not documented."""

import pytest
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
SCOPES = ["public", "characters", "assets", "generation", "moderation"]


@pytest.fixture(scope="package")
def everything(gatehouse, django_db_blocker) -> str:
    """A key that opens everything, of somebody with every right; and rows to meet."""
    with django_db_blocker.unblock():
        for make in (make_image, make_character, make_asset):
            make()
        user = make_person("conform-admin", role="admin")
        return issue_key(user=user, scopes=SCOPES).plain


def check(case, url: str, key: str) -> None:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    if not key:
        case.headers.pop("Authorization", None)
    case.call_and_validate(
        base_url=url,
        headers=headers,
        timeout=60,
        checks=[not_a_server_error, status_code_conformance],
    )


@SCHEMA.parametrize()
@FEW
def test_with_credentials(case, gatehouse, everything):
    check(case, gatehouse.url, everything)


@SCHEMA.parametrize()
@FEW
def test_without_credentials(case, gatehouse):
    check(case, gatehouse.url, "")
