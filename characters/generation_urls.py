"""URLs of options and covers, at the vendor's own paths."""

from django.urls import path

from characters.api.cover import CoverView
from characters.api.options import OptionsView, option_preview

urlpatterns = [
    path("v1/agent/cover", CoverView.as_view(), name="agent-cover"),
    path("v1/config/options", OptionsView.as_view(), name="config-options"),
    path(
        "v1/config/previews/<uuid:option_id>/<slug:mark>.webp", option_preview,
        name="option-preview",
    ),
]  # fmt: skip
