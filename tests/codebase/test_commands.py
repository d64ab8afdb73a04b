"""Every command of ours explains itself and is tested."""

import io
import re

import pytest
from django.apps import apps
from django.core.management import get_commands, load_command_class

from tests.codebase.sources import APPS, python_files

OURS = {
    name: app
    for name, app in get_commands().items()
    if isinstance(app, str) and app.partition(".")[0] in APPS
}


def test_the_commands_of_the_apps_are_found():
    assert {"up", "demo", "migrate"} <= set(OURS)
    assert all(apps.is_installed(app) or app == "config" for app in OURS.values())


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_command_shows_a_summary_and_an_example(name):
    command = load_command_class(OURS[name], name)
    parser = command.create_parser("manage.py", name)
    output = io.StringIO()
    parser.print_help(output)
    assert command.help.strip().partition("\n")[0]
    text = " ".join(output.getvalue().split())
    assert re.search(rf"example:\s+(\S+=\S+ )*manage\.py {name}\b", text, re.IGNORECASE), text


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_command_is_run_by_a_test(name):
    called = re.compile(
        rf'^.*(call_command|\brun\w*\(|manage|machine\().*"{name}[" ].*$', re.MULTILINE
    )
    tests = [path for path in python_files("tests") if path.parent.name != "codebase"]
    assert any(called.search(re.sub(r"\(\s+", "(", path.read_text())) for path in tests)
