"""States of runs as badges."""

from django.utils.safestring import SafeString

from core.badges import choice_badge
from upstream.enums import RunStatus

_RUN: dict[str, tuple[str, str]] = {
    RunStatus.RUNNING: ("running", "progress_activity"),
    RunStatus.SUCCEEDED: ("approved", "check_circle"),
    RunStatus.PARTIAL: ("pending", "error"),
    RunStatus.FAILED: ("rejected", "cancel"),
    RunStatus.CANCELLED: ("purged", "block"),
}


def run_badge(status: str) -> SafeString:
    return choice_badge(RunStatus.choices, _RUN, status)
