"""The admin of people, their identities and keys; who may do what is decided in the services."""

from django.contrib import admin

from accounts.admin import keys, trail, users
from accounts.forms import SignInForm

__all__ = ["keys", "trail", "users"]

admin.site.login_form = SignInForm
