"""Edits of the word list: checked, kept as versions, and open cases read against what is new."""

from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from moderation import jobs
from moderation.enums import JobKind, JobState, Severity, TermAction, TermKind
from moderation.errors import BadTerm
from moderation.locks import Lock
from moderation.models import Job, Term, TermVersion
from moderation.policy import content_of, save_changed, version_of
from moderation.words.folding import folded, squeezed
from moderation.words.patterns import check_pattern

_GRAVITY = {severity: place for place, severity in enumerate(Severity.values)}


@transaction.atomic
def save_term(*, term: Term, by: User | None) -> Job | None:
    """Stores a new term as version 1, a changed one as the next version; an unchanged one as it is.
    Raises BadTerm for one that cannot be matched.

    The list is in force, everywhere, with the commit. Where the term finds more than before, or
    what it finds is graver, the long task is returned that reads the open cases' texts again.
    """
    check_term(term)
    with connection.cursor() as cursor:
        # One edit after the other: the newest version's number is the version of the whole list.
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [Lock.WORD_LIST])
    stored = Term.objects.filter(pk=term.pk).first()
    before = content_of(stored) if stored else None
    if not save_changed(term):
        return None
    TermVersion.objects.create(term=term, **version_of(term, by))
    return _reread(term, by) if _reaches_further(before, content_of(term)) else None


def check_term(term: Term) -> None:
    """Raises BadTerm with a sentence for the lead who wrote it."""
    if term.kind == TermKind.PATTERN:
        check_pattern(term.text)
    elif not squeezed(folded(term.text).text)[0]:
        raise BadTerm(_("A word needs at least one letter or digit."))


def _reaches_further(before: dict[str, Any] | None, now: dict[str, Any]) -> bool:
    """Whether a case may have to come sooner for the term as it is now."""
    if not _raises(now):
        return False
    if before is None or not _raises(before):
        return True
    if (before["text"], before["kind"]) != (now["text"], now["kind"]):
        return True
    return _GRAVITY[now["severity"]] > _GRAVITY[before["severity"]]


def _raises(content: dict[str, Any]) -> bool:
    return bool(content["active"] and content["action"] != TermAction.MARK)


def _reread(term: Term, by: User | None) -> Job:
    """Terms that are edited one after the other are read together, while nobody has begun."""
    waiting = Job.objects.select_for_update(skip_locked=True).filter(
        kind=JobKind.REREAD, user=by, state=JobState.WAITING, cancel_requested=False
    )
    job = waiting.first()
    if job is None:
        given: dict[str, Any] = {"terms": [], "words": []}
        job = jobs.ask(kind=JobKind.REREAD, user=by, parameters=given)
    if term.pk not in job.parameters["terms"]:
        job.parameters["terms"].append(term.pk)
        job.parameters["words"].append(term.text)
        job.save(update_fields=["parameters"])
    return job
