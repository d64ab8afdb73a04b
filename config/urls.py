"""Every URL of Gatehouse on one page."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from config import health

urlpatterns: list[URLPattern | URLResolver] = [
    path("", RedirectView.as_view(pattern_name="admin:index"), name="home"),
    path("healthz", health.alive, name="alive"),
    path("readyz", health.ready, name="ready"),
    path("metrics", health.MetricsView.as_view(), name="metrics"),
    path("", include("accounts.urls")),
    path("", include("media.urls")),
    path("api/moderation/", include("moderation.api.urls")),
    path("api/moderation/", include("upstream.urls")),
    path("admin/", include("moderation.console.urls")),
    path("admin/", admin.site.urls),
]
