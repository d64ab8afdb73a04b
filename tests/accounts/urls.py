"""Endpoints that stand for the product's own: one behind each permission class."""

from django.urls import include, path
from rest_framework.permissions import AllowAny, BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import api_key_of
from accounts.permissions import CanLead, CanModerate, CanOperate, CanView, HasScope


class Echo(APIView):
    """Says who it takes the caller for."""

    def get(self, request: Request) -> Response:
        key = api_key_of(request)
        return Response({"user": request.user.get_username(), "key": key.prefix if key else None})


def behind(permission: type[BasePermission]):
    return Echo.as_view(permission_classes=[permission])


urlpatterns = [
    path("open", behind(AllowAny)),
    path("view", behind(CanView)),
    path("moderate", behind(CanModerate)),
    path("lead", behind(CanLead)),
    path("operate", behind(CanOperate)),
    path("assets", behind(HasScope("assets"))),
    path("", include("config.urls")),
]
