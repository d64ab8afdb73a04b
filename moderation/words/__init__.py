"""The word and pattern list over texts: what is found, and what must be refused for it."""

import threading
from collections.abc import Sequence

from moderation.enums import Severity, TermAction
from moderation.models import Term, TermVersion
from moderation.words.matching import Entry, Hit, Matcher

__all__ = ["Hit", "find_terms", "gravest", "refusal"]

_GRAVITY = {severity: place for place, severity in enumerate(Severity.values)}
_lock = threading.Lock()
_in_force: tuple[int, Matcher] | None = None


def find_terms(texts: Sequence[str]) -> list[list[Hit]]:
    """The hits of each text, by place; one query however many texts.

    An edit of the list counts from its commit on, in every process.
    """
    matcher = _current() if any(texts) else None
    return [matcher.find(text) if matcher and text else [] for text in texts]


def refusal(hits: Sequence[Hit]) -> Hit | None:
    """The gravest hit for which a request is to be refused; None: it may pass."""
    return gravest([hit for hit in hits if hit.action == TermAction.REFUSE])


def gravest(hits: Sequence[Hit]) -> Hit | None:
    return max(hits, key=lambda hit: _GRAVITY[hit.severity], default=None)


def _current() -> Matcher:
    """The list in force, compiled once per version and process."""
    global _in_force  # noqa: PLW0603  # one per process, as meant
    newest = TermVersion.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    kept = _in_force
    if kept is not None and kept[0] == newest:
        return kept[1]
    with _lock:
        if _in_force is None or _in_force[0] != newest:
            _in_force = (newest, Matcher(_active_entries()))
        return _in_force[1]


def _active_entries() -> list[Entry]:
    rows = Term.objects.filter(active=True).order_by("pk")
    return [
        Entry(*row)
        for row in rows.values_list("text", "kind", "severity", "action", "reason__slug")
    ]
