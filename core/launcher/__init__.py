"""The launcher: an embedded PostgreSQL and Valkey for one machine, started or joined on demand.

Nothing here may import Django's settings: the launcher runs before they load and writes the
environment that they read.
"""

from core.launcher.attachment import Attachment, attach
from core.launcher.commandline import attached, prepare
from core.launcher.errors import LauncherError

__all__ = ["Attachment", "LauncherError", "attach", "attached", "prepare"]
