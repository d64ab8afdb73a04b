"""What the launcher raises when it cannot go on."""


class LauncherError(Exception):
    """One sentence for the person at the terminal; never shown as a traceback."""
