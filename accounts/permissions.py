"""DRF permissions: what a role may do, and what a key's scopes open."""

from typing import ClassVar

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.authentication import api_key_of
from accounts.enums import Permission, Scope


class RolePermission(BasePermission):
    """A person with `permission`: by the session, or by a key with the scope `moderation`."""

    permission: ClassVar[Permission]

    def has_permission(self, request: Request, view: APIView) -> bool:
        key = api_key_of(request)
        if key is not None and Scope.MODERATION not in key.scopes:
            return False
        return request.user.has_perm(self.permission)


class CanView(RolePermission):
    """Anybody with a role."""

    permission = Permission.VIEW


class CanModerate(RolePermission):
    """Moderators, leads and admins."""

    permission = Permission.MODERATE


class CanLead(RolePermission):
    """Leads and admins."""

    permission = Permission.LEAD


class CanOperate(RolePermission):
    """Operators and admins."""

    permission = Permission.OPERATE


class ScopePermission(BasePermission):
    """A call made with a key that has `scope`; sessions and guests are refused."""

    scope: ClassVar[Scope]

    def has_permission(self, request: Request, view: APIView) -> bool:
        key = api_key_of(request)
        return key is not None and self.scope in key.scopes


def HasScope(scope: Scope | str) -> type[ScopePermission]:
    """A permission class for one scope: `permission_classes = [HasScope("assets")]`."""
    wanted = Scope(scope)
    return type(f"HasScope{wanted.name.title()}", (ScopePermission,), {"scope": wanted})
