"""Every URL of Gatehouse on one page."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView

from config import docs, health
from core.envelope import unknown_path

handler404 = "config.problems.not_found"
handler500 = "config.problems.failed"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", RedirectView.as_view(pattern_name="admin:index"), name="home"),
    path("healthz", health.alive, name="alive"),
    path("readyz", health.ready, name="ready"),
    path("metrics", health.MetricsView.as_view(), name="metrics"),
    path("", include("accounts.urls")),
    path("", include("media.urls")),
    path("api/moderation/", include("moderation.api.urls")),
    path("api/moderation/", include("upstream.urls")),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", docs.DocsView.as_view(url_name="schema"), name="docs"),
    path("", include("characters.generation_urls")),
    path("", include("characters.urls")),
    path("", include("assets.urls")),
    path("", include("gallery.urls")),
    # What else the vendor of the signed contracts has; the other contracts answer for themselves.
    re_path(r"^v1/(?!characters|private-avatar)", unknown_path),
    path("admin/", include("moderation.console.urls")),
    path("admin/", admin.site.urls),
]
