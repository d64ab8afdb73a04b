"""URLs of the own account; before the admin's, whose password page one of them replaces."""

from django.contrib import admin
from django.urls import path

from accounts import views

signed_in = admin.site.admin_view

urlpatterns = [
    path("i18n/", views.set_language, name="set_language"),
    path("admin/preferences/", signed_in(views.PreferencesView.as_view()), name="preferences"),
    path(
        "admin/password_change/",
        signed_in(views.OwnPasswordView.as_view(), cacheable=True),
        name="own_password",
    ),
    path(
        "admin/password_reset/",
        views.ForgottenPasswordView.as_view(),
        name="admin_password_reset",  # unfold's sign-in page links to this name
    ),
    path("admin/password_reset/done/", views.MailSentView.as_view(), name="password_reset_done"),
    path(
        "admin/password_reset/<uidb64>/<token>/",
        views.NewPasswordView.as_view(),
        name="password_reset_confirm",
    ),
    path(
        "admin/password_reset/complete/",
        views.PasswordIsSetView.as_view(),
        name="password_reset_complete",
    ),
]
