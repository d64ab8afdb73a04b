"""Who may import whom, and what the code does without."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.codebase.sources import APPS, ROOT, python_files


def test_the_import_layers_hold():
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_no_code_hides_in_signal_receivers():
    hidden = ("django.dispatch", "django.db.models.signals", "django.core.signals")
    found = []
    for path in python_files(*APPS):
        for node in ast.walk(ast.parse(path.read_text())):
            names = []
            if isinstance(node, ast.ImportFrom):
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            elif isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            found += [f"{path}: {name}" for name in names if name.startswith(hidden)]
    assert not found


def test_no_module_is_a_drawer_for_odds_and_ends():
    drawers = {"utils.py", "helpers.py", "misc.py"}
    assert not [path for path in python_files(*APPS, "tests") if path.name in drawers]


@pytest.mark.parametrize(("folders", "limit"), [(APPS, 400), (("tests",), 500)])
def test_modules_stay_short_enough_to_read(folders, limit):
    long = {
        str(path.relative_to(ROOT)): lines
        for path in python_files(*folders)
        if (lines := len(path.read_text().splitlines())) > limit
    }
    assert not long


def test_every_module_says_what_belongs_in_it():
    silent = [
        path
        for path in python_files(*APPS)
        if (text := path.read_text()).strip() and ast.get_docstring(ast.parse(text)) is None
    ]
    assert not silent
