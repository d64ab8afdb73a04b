"""The trail of account changes: one admin log entry for each, whoever made it."""

from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model

from accounts.models import User

__all__ = ["ADDITION", "CHANGE", "COMMAND_LINE", "DELETION", "forget_names", "record"]

# An account that nobody can sign in to; it stands for whoever ran a command on the server.
COMMAND_LINE = "command-line"


def record(
    *,
    by: User | None,
    about: Model | None = None,
    message: str,
    flag: int = CHANGE,
    name: str = "",
) -> LogEntry:
    """Writes that `by` (None: a command) did `message` to `about` (None: to no row, an export),
    which goes by its own name or by `name`.

    No personal data and no secrets in the message: it outlives the person (see `forget_names`).
    """
    who = by or _command_line()
    about = about or who
    return LogEntry.objects.create(
        user=who,
        content_type=ContentType.objects.get_for_model(about),
        object_id=str(about.pk),
        object_repr=(name or str(about))[:200],
        action_flag=flag,
        change_message=message,
    )


def forget_names(user: User) -> None:
    """Puts the user's present name in place of every older one in the trail."""
    LogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(User), object_id=str(user.pk)
    ).update(object_repr=str(user))


def _command_line() -> User:
    user, made = User.objects.get_or_create(username=COMMAND_LINE, defaults={"is_active": False})
    if made:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    return user
