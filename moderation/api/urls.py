"""URLs of the moderation REST API, below /api/moderation/."""

from django.urls import path

from moderation.api import claims, decisions, looking, matching, reports, subjects

app_name = "moderation_api"
urlpatterns = [
    path("queues/", claims.QueueList.as_view(), name="queues"),
    path("queues/<slug:slug>/claim/", claims.Claim.as_view(), name="claim"),
    path("claims/", claims.Held.as_view(), name="claims"),
    path("claims/renew/", claims.RenewAll.as_view(), name="renew_all"),
    path("claims/release/", claims.ReleaseAll.as_view(), name="release_all"),
    path("cases/<uuid:pk>/claim/", claims.ClaimOne.as_view(), name="claim_one"),
    path("cases/<uuid:pk>/renew/", claims.RenewOne.as_view(), name="renew"),
    path("cases/<uuid:pk>/release/", claims.ReleaseOne.as_view(), name="release"),
    path("families/<uuid:pk>/claim/", claims.ClaimFamily.as_view(), name="claim_family"),
    path("decisions/", decisions.Decisions.as_view(), name="decisions"),
    path("batches/<uuid:pk>/undo/", decisions.Undo.as_view(), name="undo"),
    path("subjects/", subjects.Subjects.as_view(), name="subjects"),
    path("subjects/<str:subject_type>/<uuid:pk>/", subjects.SubjectOne.as_view(), name="subject"),
    path("subjects/<str:subject_type>/<uuid:pk>/notes/", subjects.Notes.as_view(), name="notes"),
    path("reasons/", subjects.Reasons.as_view(), name="reasons"),
    path("precedents/", looking.Precedents.as_view(), name="precedents"),
    path("exposure/", looking.OwnExposure.as_view(), name="exposure"),
    path("match/", matching.Match.as_view(), name="match"),
    path("reports/", reports.Reports.as_view(), name="reports"),
    path("reports/<uuid:pk>/", reports.ReportOne.as_view(), name="report"),
    path("me/", subjects.Me.as_view(), name="me"),
]
