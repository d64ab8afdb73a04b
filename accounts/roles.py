"""Roles as groups: making them, giving them, and asking which one a person has."""

from django.contrib.auth.models import AnonymousUser, Group
from django.contrib.auth.models import Permission as PermissionRow
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.audit import record
from accounts.enums import Permission, Role
from accounts.errors import AccountError, NotAllowed
from accounts.models import User

RANK = list(Role)


def role_of(user: User | AnonymousUser) -> str:
    """The highest role of a person, "" for none. One query, none where `groups` is prefetched."""
    if not isinstance(user, User):
        return ""
    if user.is_superuser:
        return Role.ADMIN.value
    names = {group.name for group in user.groups.all()}
    return next((role.value for role in reversed(RANK) if role.value in names), "")


def permissions_of(user: User | AnonymousUser) -> frozenset[Permission]:
    """Which of our permissions were given to a person; a ban takes none of them away."""
    if not isinstance(user, User):
        return frozenset()
    if user.is_superuser:
        return frozenset(Permission)
    rows = PermissionRow.objects.filter(
        Q(group__user=user) | Q(user=user), content_type__app_label=User._meta.app_label
    )
    held = set(rows.values_list("codename", flat=True))
    return frozenset(permission for permission in Permission if permission.codename in held)


def give_role(*, user: User, role: Role | str, by: User | None = None) -> bool:
    """Makes `role` ("" for none) the one role of `user`; False when it already was.

    Effective at the person's next request. `by` None is a command. Raises NotAllowed when `by` is
    not an admin or changes the own role, AccountError when the role does not exist.
    """
    if role and role not in Role.values:
        raise AccountError(
            _("There is no role %(role)s; the roles are %(roles)s.")
            % {"role": role, "roles": ", ".join(Role.values)}
        )
    if by is not None and not by.is_superuser:
        raise NotAllowed(_("Only admins give roles."))
    if by is not None and by.pk == user.pk:
        raise NotAllowed(_("Nobody changes their own role."))
    with transaction.atomic():
        locked = User.objects.select_for_update().get(pk=user.pk)
        before, changed = role_of(locked), _apply(locked, str(role))
        if changed:
            record(by=by, about=locked, message=f"Role: {before or 'none'} → {role or 'none'}")
    for field in ("is_staff", "is_superuser"):
        setattr(user, field, getattr(locked, field))
    _forget_cached_permissions(user)
    return changed


def _apply(user: User, role: str) -> bool:
    held = set(user.groups.filter(name__in=Role.values).values_list("name", flat=True))
    flags = {"is_staff": bool(role), "is_superuser": role == Role.ADMIN}
    if held == ({role} - {""}) and all(getattr(user, name) == flag for name, flag in flags.items()):
        return False
    if user.anonymised_at and role:
        raise AccountError(_("This account was anonymised; it takes no role."))
    user.groups.remove(*Group.objects.filter(name__in=held - {role}))
    if role:
        group = Group.objects.filter(name=role).first() or sync_groups()[Role(role)]
        user.groups.add(group)
    for name, flag in flags.items():
        setattr(user, name, flag)
    user.save(update_fields=list(flags))
    return True


def _forget_cached_permissions(user: User) -> None:
    for name in ("_perm_cache", "_user_perm_cache", "_group_perm_cache"):
        user.__dict__.pop(name, None)


def sync_groups() -> dict[Role, Group]:
    """A group for every role, with exactly its own of our permissions. Idempotent."""
    owner = ContentType.objects.get_for_model(User)
    rows = {
        permission: PermissionRow.objects.get_or_create(
            content_type=owner,
            codename=permission.codename,
            defaults={"name": dict(User._meta.permissions)[permission.codename]},
        )[0]
        for permission in Permission
    }
    groups = {}
    for role in Role:
        group = Group.objects.get_or_create(name=role.value)[0]
        group.permissions.add(*(rows[permission] for permission in role.permissions))
        group.permissions.remove(*(rows[p] for p in Permission if p not in role.permissions))
        groups[role] = group
    return groups
