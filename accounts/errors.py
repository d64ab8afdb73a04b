"""What can go wrong with accounts and keys; every message is fit for the person who asked."""

from typing import ClassVar


class AccountError(Exception):
    """A change of accounts, roles or keys that is refused, with the reason as its text."""


class NotAllowed(AccountError):
    """Refused because of who asks, not of what is asked."""


class KeyRefused(Exception):
    """A call that a key does not open. `code` is for programs.

    The texts are the vendors' own and stay English: existing clients compare them.
    """

    code: ClassVar[str] = "refused"


class InvalidKey(KeyRefused):
    """Unknown, revoked or expired key, or the account is banned; which one is not told."""

    code = "invalid_key"

    def __init__(self) -> None:
        super().__init__("Invalid API key")


class CallLimitReached(KeyRefused):
    """The key has used up all its calls."""

    code = "call_limit"

    def __init__(self) -> None:
        super().__init__("API key usage limit reached")


class TooManyCalls(KeyRefused):
    """The key is over its calls per minute; `wait` is in seconds."""

    code = "per_minute"

    def __init__(self, wait: int) -> None:
        super().__init__("Too many requests, please try again later")
        self.wait = wait
