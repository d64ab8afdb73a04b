"""The id of the request being served, for log lines and answers."""

import re
import secrets
from contextvars import ContextVar

_current: ContextVar[str] = ContextVar("request_id", default="-")
ACCEPTABLE = re.compile(r"[A-Za-z0-9._-]{8,64}")


def current_request_id() -> str:
    """The id of this thread's request, "-" outside of one."""
    return _current.get()


def begin_request(offered: str | None) -> str:
    """Takes over a proxy's id when it is harmless to log, else makes one."""
    chosen = offered if offered and ACCEPTABLE.fullmatch(offered) else secrets.token_hex(8)
    _current.set(chosen)
    return chosen


def end_request() -> None:
    _current.set("-")
