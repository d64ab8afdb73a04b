"""The REST API describes itself without gaps."""

import io

from django.core.management import call_command
from drf_spectacular.generators import SchemaGenerator


def test_the_schema_is_valid_and_nothing_had_to_be_guessed():
    call_command("spectacular", validate=True, fail_on_warn=True, stdout=io.StringIO())


def test_every_operation_of_the_rest_api_says_what_it_does_and_how_it_fails():
    paths = SchemaGenerator().get_schema(request=None, public=True)["paths"]
    ours = {path: each for path, each in paths.items() if path.startswith("/api/moderation/")}
    assert len(ours) > 15
    for path, operations in ours.items():
        for method, operation in operations.items():
            assert operation["summary"], f"{method} {path}"
            errors = operation["responses"]["default"]["content"]
            assert list(errors) == ["application/problem+json"]
