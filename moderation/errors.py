"""Errors of the engine that a caller can act on."""

from django.utils.translation import gettext as _


class ModerationError(Exception):
    """Base of all; the message is fit to be shown."""


class UnknownQueue(ModerationError):
    def __init__(self, slug: str) -> None:
        super().__init__(_("There is no queue '%(slug)s'.") % {"slug": slug})


class UnknownSubjectType(ModerationError):
    def __init__(self, subject_type: str) -> None:
        super().__init__(_("There is no subject type '%(type)s'.") % {"type": subject_type})


class UnknownReason(ModerationError):
    def __init__(self, slug: str) -> None:
        super().__init__(_("There is no reason '%(reason)s'.") % {"reason": slug})


class BadTerm(ModerationError):
    """A word or pattern that cannot be used; the message says why."""


class UnknownSubject(ModerationError):
    """No such subject, or none that anybody outside may speak of."""

    def __init__(self) -> None:
        super().__init__(_("There is no such subject."))


class TooManyReports(ModerationError):
    """One reporter sent more than anybody can mean; `wait` in seconds."""

    def __init__(self, wait: int) -> None:
        super().__init__(_("Too many reports by this reporter; try again later."))
        self.wait = wait


class NotAllowed(ModerationError):
    """The actor's role does not cover this."""


class StaleClaim(ModerationError):
    """The claim token was overwritten by the next claimer, or the case is closed."""


class UnknownBatch(ModerationError):
    """No decisions under that batch."""


class SearchTooBroad(ModerationError):
    """The words are everywhere: the database was stopped before it found those that have all."""

    def __init__(self) -> None:
        super().__init__(_("This search takes too long; narrow it by a rarer word or a filter."))


class BadFilter(ModerationError):
    """A list's filter that makes no sense: nothing is done by it."""

    def __init__(self, names: str) -> None:
        super().__init__(_("These filters make no sense: %(names)s.") % {"names": names})


class JobRefused(ModerationError):
    """The account that asked for a long task is closed, or may not do this any more."""


class IdempotencyConflict(ModerationError):
    """The key was used with another body, or its first request is still under way."""


class BadEntry(ModerationError):
    """Something that cannot become an entry of a bank; the message says why."""


class BadImport(ModerationError):
    """A file that is no list of hashes, or breaks off in the middle."""
