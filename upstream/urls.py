"""REST URLs of sources and runs, below /api/moderation/."""

from django.urls import path

from upstream import api

app_name = "upstream_api"
urlpatterns = [
    path("sources/", api.Sources.as_view(), name="sources"),
    path("sources/<slug:name>/sync/", api.StartSync.as_view(), name="sync"),
    path("runs/", api.Runs.as_view(), name="runs"),
    path("runs/<uuid:pk>/", api.RunOne.as_view(), name="run"),
    path("runs/<uuid:pk>/cancel/", api.CancelRun.as_view(), name="cancel"),
    path("runs/<uuid:pk>/faults/", api.Faults.as_view(), name="faults"),
    path("faults/<uuid:pk>/replay/", api.ReplayFault.as_view(), name="replay"),
]
