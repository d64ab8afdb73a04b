"""URLs of contract 4, at the vendor's own path."""

from django.urls import path, re_path

from assets.api.base import unknown_path
from assets.api.listing import ListAssets

urlpatterns = [
    path("v1/private-avatar/assets/list", ListAssets.as_view(), name="list-assets"),
    re_path(r"^v1/private-avatar(?:/|$)", unknown_path),
]
