"""The page of settings names every variable that the code reads, and no other."""

import re

from tests.codebase.sources import APPS, ROOT, python_files

READ = re.compile(
    r"env\.(?:text|flag|number|choice|words)\(\s*\"([A-Z0-9_]+)\"|os\.environ\.get\(\"([A-Z0-9_]+)\"\)"
)


def read_variables(*folders: str) -> set[str]:
    return {
        first or second
        for path in python_files(*folders)
        for first, second in READ.findall(path.read_text())
    }


def test_every_variable_is_on_the_page_and_the_page_names_no_other():
    page = (ROOT / "docs" / "settings.md").read_text()
    named = set(re.findall(r"`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*)`", page)) - {"NAME_FILE"}
    read = read_variables(*APPS, "tests")
    product = read_variables(*APPS)
    assert product <= named, product - named
    assert named <= read, named - read
