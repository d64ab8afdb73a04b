"""States of runs and generations as badges."""

from django.utils.safestring import SafeString

from core.badges import choice_badge
from upstream.enums import GenerationState, RunStatus

_RUN: dict[str, tuple[str, str]] = {
    RunStatus.RUNNING: ("running", "progress_activity"),
    RunStatus.SUCCEEDED: ("approved", "check_circle"),
    RunStatus.PARTIAL: ("pending", "error"),
    RunStatus.FAILED: ("rejected", "cancel"),
    RunStatus.CANCELLED: ("purged", "block"),
}
_GENERATION: dict[str, tuple[str, str]] = {
    GenerationState.WAITING: ("pending", "hourglass_empty"),
    GenerationState.WORKING: ("running", "progress_activity"),
    GenerationState.DONE: ("approved", "check_circle"),
    GenerationState.FAILED: ("rejected", "cancel"),
    GenerationState.REFUSED: ("purged", "block"),
}


def run_badge(status: str) -> SafeString:
    return choice_badge(RunStatus.choices, _RUN, status)


def generation_badge(state: str) -> SafeString:
    return choice_badge(GenerationState.choices, _GENERATION, state)
