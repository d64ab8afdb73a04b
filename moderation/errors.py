"""Errors of the engine that a caller can act on."""


class ModerationError(Exception):
    """Base of all; the message is fit to be shown."""


class UnknownQueue(ModerationError):
    def __init__(self, slug: str) -> None:
        super().__init__(f"There is no queue {slug!r}.")


class UnknownSubjectType(ModerationError):
    def __init__(self, subject_type: str) -> None:
        super().__init__(f"There is no subject type {subject_type!r}.")


class UnknownReason(ModerationError):
    def __init__(self, slug: str) -> None:
        super().__init__(f"There is no reason {slug!r}.")


class NotAllowed(ModerationError):
    """The actor's role does not cover this."""


class StaleClaim(ModerationError):
    """The claim token was overwritten by the next claimer, or the case is closed."""


class UnknownBatch(ModerationError):
    """No decisions under that batch."""


class IdempotencyConflict(ModerationError):
    """The key was used with another body, or its first request is still under way."""
