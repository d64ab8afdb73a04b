"""Every text that people see is there in Chinese."""

import re

import polib
import pytest
from django.utils.translation import override

from config import messages
from tests.codebase import wording

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd%]|\{\w*\}")
TAG = re.compile(r"<[^>]+>")


@pytest.fixture(scope="module")
def catalogue():
    return polib.pofile(str(wording.CATALOGUE))


def test_the_catalogue_holds_exactly_what_the_sources_say(catalogue):
    held = {wording.key(entry) for entry in catalogue if not entry.obsolete}
    wanted = wording.wanted()
    missing = {text: sorted(where) for text, where in wanted.items() if text not in held}
    assert not missing, "run `make messages` and translate them"
    assert not held - set(wanted), "nobody says these any more: run `make messages`"


def test_every_entry_is_translated_for_good(catalogue):
    assert not [entry.msgid for entry in catalogue if not entry.translated()]
    assert not [entry.msgid for entry in catalogue if entry.fuzzy or entry.obsolete]
    assert len({(entry.msgctxt, entry.msgid) for entry in catalogue}) == len(catalogue)


@pytest.mark.parametrize("parts", [PLACEHOLDER, TAG], ids=["placeholders", "tags"])
def test_translations_keep_placeholders_and_tags(catalogue, parts):
    changed = {}
    for entry in catalogue:
        said = set(parts.findall(entry.msgid)) | set(parts.findall(entry.msgid_plural))
        for text in [entry.msgstr, *entry.msgstr_plural.values()]:
            if text and set(parts.findall(text)) != said:
                changed[entry.msgid] = text
    assert not changed


def test_chinese_sentences_have_chinese_punctuation(catalogue):
    odd = []
    for entry in catalogue:
        text = entry.msgstr or entry.msgstr_plural[0]
        plain = PLACEHOLDER.sub("", TAG.sub("", text))
        if re.search(r"[\u4e00-\u9fff]", plain) and re.search(r"[,:;?!()]", plain):
            odd.append(text)
    assert not odd


def test_the_compiled_catalogue_is_used():
    messages.compile_stale()
    with override("zh-hans"):
        from moderation.enums import Action

        assert str(Action.ESCALATE.label) == "上报"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('from django.utils.translation import gettext as _now\n_now("A")', {("A", "", "")}),
        ('from django.utils.translation import ngettext\nngettext("A", "B", 2)', {("A", "B", "")}),
        ('def _(text): ...\n_("not ours")', set()),
    ],
)
def test_marked_texts_of_python_are_found(source, expected):
    assert set(wording._in_python(source)) == expected


def test_marked_texts_of_templates_are_found():
    source = (
        '{% load i18n %}{% trans "A" %}{% translate "B" context "C" %}{{ x|default:_("D") }}'
        "{% blocktrans count n=m %}{{ n }} E{% plural %}{{ n }} F{% endblocktrans %}"
    )
    found = set(wording._in_template(source))
    assert found == {("A", "", ""), ("B", "", "C"), ("D", "", ""), ("%(n)s E", "%(n)s F", "")}
