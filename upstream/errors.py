"""Errors of sources and runs that a caller can act on."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from upstream.models import SyncRun


class SyncError(Exception):
    """Base of all; the message is fit to be shown."""


class NotSyncable(SyncError):
    """The source is of a kind that no sync reads, or lacks what its sync needs."""


class RunAlreadyActive(SyncError):
    """The source has a running run; `run` is that one."""

    def __init__(self, run: "SyncRun") -> None:
        super().__init__(_("A run of %(source)s is under way.") % {"source": run.source.name})
        self.run = run


class RunTaken(SyncError):
    """Another worker holds the run, or it has ended."""


class LeaseLost(SyncError):
    """The run ended or was given to another worker meanwhile: nothing more may be written."""


class Looped(SyncError):
    """The upstream sends us in a circle."""


class NotReplayable(SyncError):
    """The failed record was taken already, or its payload is no JSON."""
