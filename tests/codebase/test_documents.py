"""README.md and docs/ speak of what is there."""

import re

import pytest
from django.conf import settings
from django.core.management import get_commands
from django.urls import Resolver404, resolve

from tests.codebase.sources import APPS, ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LINK = re.compile(r"\]\(([^)#]+)[^)]*\)|(?:src|srcset)=\"([^\"]+)\"")
COMMAND = re.compile(r"manage\.py ([a-z]+)")
CODE = re.compile(rf"`((?:{'|'.join(APPS)}|tests|templates|locale)/[\w./-]*)`")
PATH = re.compile(r"`(/(?:api|healthz|readyz|metrics)[\w/]*)`")

pytestmark = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def test_links_lead_somewhere(page):
    links = [link for pair in LINK.findall(page.read_text()) for link in pair if link]
    local = [link for link in links if "://" not in link]
    assert not [link for link in local if not (page.parent / link).exists()]


def test_commands_exist(page):
    assert not set(COMMAND.findall(page.read_text())) - set(get_commands())


def test_files_that_are_named_exist(page):
    """A template may go by the name that Django knows it by."""
    named = CODE.findall(page.read_text())
    found = [name for name in named if any((ROOT / at / name).exists() for at in ("", "templates"))]
    assert found == named


def test_addresses_answer(page):
    unknown = []
    for path in PATH.findall(page.read_text()):
        try:
            resolve(path, settings.ROOT_URLCONF)
        except Resolver404:
            unknown.append(path)
    assert not unknown
