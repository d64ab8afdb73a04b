"""Changes of people: making, naming, banning and anonymising them; roles are in `roles.py`."""

import re
from datetime import datetime

from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import ADDITION, COMMAND_LINE, DELETION, forget_names, record
from accounts.errors import AccountError, NotAllowed
from accounts.models import ApiKey, Identity, User
from accounts.roles import give_role

ANONYMOUS = "anonymous-"
# Names that we give ourselves.
RESERVED = re.compile(rf"{COMMAND_LINE}|{ANONYMOUS}.*", re.IGNORECASE)


def get_user(name: str) -> User:
    """The account of that name. Raises AccountError."""
    user = User.objects.filter(username=name).first()
    if user is None:
        raise AccountError(_("There is no account %(name)s.") % {"name": name})
    return user


def check_name(name: str) -> None:
    """Raises AccountError when no account may have this name."""
    try:
        UnicodeUsernameValidator()(name)
    except ValidationError as error:
        raise AccountError(
            _("%(name)s is no name: %(why)s") % {"name": name, "why": " ".join(error.messages)}
        ) from error
    if len(name) > 150:
        raise AccountError(_("A name has at most 150 characters."))
    if RESERVED.fullmatch(name):
        raise AccountError(_("The name %(name)s is reserved.") % {"name": name})


def create_user(
    *,
    name: str,
    email: str = "",
    password: str | None = None,
    role: str = "",
    by: User | None = None,
) -> User:
    """A new account; without a password nobody signs in to it. Raises AccountError.

    The password's strength is the caller's to check (`validate_password`).
    """
    check_name(name)
    try:
        with transaction.atomic():
            user = User.objects.create_user(username=name, email=email, password=password)
            record(by=by, about=user, message="Made", flag=ADDITION)
            if role:
                give_role(user=user, role=role, by=by)
    except IntegrityError as error:
        raise AccountError(_("There is an account %(name)s already.") % {"name": name}) from error
    return user


def set_password(*, user: User, password: str, by: User | None = None) -> None:
    """A new password; every session of the person ends."""
    with transaction.atomic():
        user.set_password(password)
        user.save(update_fields=["password"])
        record(by=by, about=user, message="Password changed")


def set_member(*, user: User, until: datetime | None, by: User | None = None) -> None:
    """A member until then; None ends the membership."""
    with transaction.atomic():
        user.member_until = until
        user.save(update_fields=["member_until"])
        message = f"Member until {until:%Y-%m-%d}" if until else "No longer a member"
        record(by=by, about=user, message=message)


def add_identity(
    *, user: User, source: str, upstream_user_id: str, by: User | None = None
) -> Identity:
    """Says that `user` is `upstream_user_id` at that source; idempotent. Raises AccountError."""
    try:
        validate_slug(source)
    except ValidationError as error:
        raise AccountError(
            _("%(source)s is not the name of a source.") % {"source": source}
        ) from error
    if not 0 < len(upstream_user_id) <= 255 or "\0" in upstream_user_id:
        raise AccountError(_("An upstream user id has 1 to 255 characters."))
    with transaction.atomic():
        identity, made = Identity.objects.get_or_create(
            source=source, upstream_user_id=upstream_user_id, defaults={"user": user}
        )
        if identity.user_id != user.pk:
            raise AccountError(
                _("%(identity)s belongs to the account %(user)s already.")
                % {"identity": identity, "user": identity.user}
            )
        if made:
            record(by=by, about=user, message=f"Identity at {source} added")
    return identity


def ban_user(*, user: User, reason: str = "", by: User | None = None) -> bool:
    """Shuts the account out at its next request, sessions and keys alike; False when it was.

    Raises NotAllowed when `by` is not an admin, or bans the own account.
    """
    _check_admin(by=by, user=user)
    with transaction.atomic():
        banned = User.objects.filter(pk=user.pk, banned_at=None).update(
            is_active=False,
            banned_at=timezone.now(),
            ban_reason=reason[:500],
            session_epoch=F("session_epoch") + 1,
        )
        if banned:
            record(by=by, about=user, message="Banned")
    user.refresh_from_db()
    return bool(banned)


def lift_ban(*, user: User, by: User | None = None) -> bool:
    """Lets the account in again, its keys too; sessions from before stay ended."""
    _check_admin(by=by, user=user)
    with transaction.atomic():
        lifted = User.objects.filter(
            pk=user.pk, banned_at__isnull=False, anonymised_at=None
        ).update(is_active=True, banned_at=None)
        if lifted:
            record(by=by, about=user, message="Ban lifted")
    user.refresh_from_db()
    return bool(lifted)


def anonymise(user: User, *, by: User | None = None) -> None:
    """Makes a person unknown for good: name, mail, identities, keys, role and sign-in are gone.

    The row and its id stay, so that the decision log keeps its authors apart. Idempotent.
    """
    _check_admin(by=by, user=user)
    with transaction.atomic():
        row = User.objects.select_for_update().get(pk=user.pk)
        if row.anonymised_at is None:
            give_role(user=row, role="", by=by)
            _erase(row)
            record(by=by, about=row, message="Anonymised", flag=DELETION)
    user.refresh_from_db()


def _erase(row: User) -> None:
    ApiKey.objects.filter(user=row).delete()
    Identity.objects.filter(user=row).delete()
    row.user_permissions.clear()
    row.groups.clear()
    row.username = f"{ANONYMOUS}{row.pk}"
    row.first_name = row.last_name = row.email = row.ban_reason = ""
    row.language = row.time_zone = ""
    row.member_until = row.last_login = None
    row.is_active = False
    row.anonymised_at = timezone.now()
    row.session_epoch += 1
    row.set_unusable_password()
    row.save()
    forget_names(row)


def _check_admin(*, by: User | None, user: User) -> None:
    if by is not None and not by.is_superuser:
        raise NotAllowed(_("Only admins do this to accounts."))
    if by is not None and by.pk == user.pk:
        raise NotAllowed(_("Nobody does this to their own account."))
    if user.username == COMMAND_LINE:
        raise NotAllowed(
            _("The account %(name)s stands for the server itself.") % {"name": COMMAND_LINE}
        )
