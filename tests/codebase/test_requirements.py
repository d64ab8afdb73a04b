"""The pinned requirements: complete, hashed, and silent about where they came from."""

import re
import tomllib

import pytest

from tests.codebase.sources import ROOT

FILES = sorted((ROOT / "requirements").glob("*.txt"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_package_is_pinned_with_hashes_and_no_address(path):
    text = path.read_text()
    assert "://" not in text
    assert not re.search(r"^\s*-(?!-hash=)", text, re.MULTILINE)
    pins = re.split(r"^(?=\S)", text, flags=re.MULTILINE)[1:]
    assert pins
    for pin in pins:
        assert re.match(r"[A-Za-z0-9._-]+(\[[a-z0-9,-]+\])?==\S+", pin), pin
        assert "--hash=sha256:" in pin, pin


def test_what_the_project_asks_for_is_pinned():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pinned = (ROOT / "requirements" / "base.txt").read_text()
    for wanted in project["dependencies"]:
        name = re.match(r"[A-Za-z0-9._-]+", wanted).group().lower()
        assert re.search(rf"^{re.escape(name)}(\[|==)", pinned, re.MULTILINE), wanted
