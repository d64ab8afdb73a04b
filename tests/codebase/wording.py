"""The messages that sources mark for translation, read without the gettext programs.

`make messages` brings the catalogue up to date with them, test_words.py checks that it is.
"""

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

import polib
from django.utils.translation.template import templatize

from tests.codebase.sources import APPS, ROOT, python_files

CATALOGUE = ROOT / "locale/zh_Hans/LC_MESSAGES/django.po"
# unfold ships no translations; what Django's own apps translate is left to them.
# Of its extras only those that are installed.
UNFOLD = Path(str(files("unfold")))
UNFOLDS_EXTRAS = {"filters"}
DJANGO = Path(str(files("django")))
DJANGOS_OWN = [
    DJANGO / part / "locale/zh_Hans/LC_MESSAGES/django.po"
    for part in ("conf", "contrib/admin", "contrib/auth")
]
# The functions that mark, and how many of their first arguments are texts.
MARKERS = {
    "gettext": 1, "gettext_lazy": 1, "gettext_noop": 1, "ngettext": 2, "ngettext_lazy": 2,
    "pgettext": 2, "pgettext_lazy": 2,
}  # fmt: skip
# moderation/console/review_words.py's own.
OWN_MARKERS = {"plural": "ngettext"}
_STRING = r"""u?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
_MARKED = re.compile(rf"\b(n?p?gettext|_)\(\s*({_STRING}(?:\s*,\s*{_STRING})*)", re.DOTALL)


class Message(NamedTuple):
    """What gettext looks an entry up by."""

    text: str
    plural: str = ""
    context: str = ""


Found = dict[Message, set[str]]


def ours() -> Found:
    """Message -> the files of this project that say it."""
    templates = [*(ROOT / "templates").rglob("*.html"), *(ROOT / "templates").rglob("*.txt")]
    return _found([*python_files(*APPS), *templates], ROOT)


def unfolds() -> Found:
    """The same for the admin's theme, without what Django's own catalogues hold."""
    sources = [
        path
        for path in [*UNFOLD.rglob("*.py"), *UNFOLD.rglob("*.html")]
        if (parts := path.relative_to(UNFOLD).parts)[0] != "contrib" or parts[1] in UNFOLDS_EXTRAS
    ]
    translated = {
        key(entry) for path in DJANGOS_OWN for entry in polib.pofile(str(path)).translated_entries()
    }
    found = _found(sources, UNFOLD.parent)
    return {message: where for message, where in found.items() if message not in translated}


def wanted() -> Found:
    found = ours()
    for message, where in unfolds().items():
        found.setdefault(message, set()).update(where)
    return found


def key(entry: polib.POEntry) -> Message:
    return Message(entry.msgid, entry.msgid_plural, entry.msgctxt or "")


def _found(paths: Iterable[Path], root: Path) -> Found:
    found: Found = {}
    for path in sorted(paths):
        text = path.read_text()
        for message in _in_python(text) if path.suffix == ".py" else _in_template(text):
            found.setdefault(message, set()).add(path.relative_to(root).as_posix())
    return found


def _in_python(source: str) -> Iterator[Message]:
    tree = ast.parse(source)
    names = OWN_MARKERS | {
        alias.asname or alias.name: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for alias in node.names
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = names.get(getattr(node.func, "id", getattr(node.func, "attr", "")), "")
            texts = [
                each.value
                for each in node.args[: MARKERS.get(name, 0)]
                if isinstance(each, ast.Constant) and isinstance(each.value, str)
            ]
            if texts and len(texts) == MARKERS.get(name):
                yield _message(name, texts)


def _in_template(source: str) -> Iterator[Message]:
    for match in _MARKED.finditer(templatize(source)):
        texts = re.findall(_STRING, match[2], re.DOTALL)
        yield _message(match[1], [ast.literal_eval(text) for text in texts])


def _message(marker: str, texts: list[str]) -> Message:
    if marker.startswith("pgettext"):
        return Message(texts[1], context=texts[0])
    return Message(*texts)


def update() -> int:
    """Adds what is new, drops what nobody says any more; returns how many entries lack a text."""
    catalogue = polib.pofile(str(CATALOGUE), wrapwidth=0)
    messages = wanted()
    present = {key(entry): entry for entry in catalogue if not entry.obsolete}
    catalogue.clear()
    for message, where in sorted(messages.items(), key=lambda item: (min(item[1]), item[0])):
        entry = present.get(message) or _blank(message)
        entry.occurrences = [(path, "") for path in sorted(where)]
        catalogue.append(entry)
    catalogue.save()
    return len(catalogue.untranslated_entries())


def _blank(message: Message) -> polib.POEntry:
    entry = polib.POEntry(msgid=message.text, msgctxt=message.context or None)
    if message.plural:
        entry.msgid_plural, entry.msgstr_plural = message.plural, {0: ""}
    if re.search(r"%\(|%[sd]", message.text):
        entry.flags = ["python-format"]
    return entry


if __name__ == "__main__":
    missing = update()
    sys.stdout.write(f"{CATALOGUE.relative_to(ROOT)}: {missing} without a translation.\n")
