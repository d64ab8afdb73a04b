"""Forms of the account and key pages; they translate and validate, the services decide."""

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.forms import UserChangeForm, UserCreationForm
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from accounts.enums import Role, Scope
from accounts.errors import AccountError
from accounts.keys import check_issue
from accounts.models import ApiKey, User
from accounts.roles import role_of
from accounts.services import check_name

LONGEST_GRACE = 7 * 24 * 60


class RoleField(forms.ChoiceField):
    """One role or none."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            label=_("Role"),
            required=False,
            choices=[("", _("No role: not in the console")), *Role.choices],
            widget=UnfoldAdminSelectWidget(),
            **options,
        )


def _check_name(form: forms.BaseForm) -> str:
    name: str = form.cleaned_data["username"]
    try:
        check_name(name)
    except AccountError as error:
        raise forms.ValidationError(str(error)) from error
    return name


class NewAccountForm(UserCreationForm):
    """Name, password, mail and role of a new account."""

    role = RoleField()

    class Meta:
        model = User
        fields = ("username", "email")

    def clean_username(self) -> Any:
        _check_name(self)
        return super().clean_username()


class AccountForm(UserChangeForm):
    """An account; its role in place of Django's groups and flags."""

    role = RoleField()

    class Meta:
        model = User
        fields = ("username", "first_name", "last_name", "email", "member_until")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "role" in self.fields:
            self.fields["role"].initial = role_of(self.instance)

    def clean_username(self) -> str:
        return _check_name(self)


class OwnAccountForm(AccountForm):
    """The admin's own account: everything but the role."""

    role = None  # type: ignore[assignment]  # Django's way to drop an inherited field


class BanForm(forms.Form):
    """Why."""

    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=500,
        help_text=_("For colleagues; the person does not see it."),
        widget=UnfoldAdminTextInputWidget(),
    )


class RotateForm(forms.Form):
    """How long the old key may still answer."""

    grace = forms.IntegerField(
        label=_("Minutes during which the old key still answers"),
        min_value=0,
        max_value=LONGEST_GRACE,
        initial=0,
        widget=UnfoldAdminIntegerFieldWidget(),
    )


class NewKeyForm(forms.ModelForm):  # type: ignore[type-arg]
    """Everything about a new key; most of it stays as it is then."""

    by: ClassVar[User]  # who is signed in; the admin makes a subclass per request

    scopes = forms.MultipleChoiceField(
        label=_("Scopes"), choices=Scope.choices, widget=UnfoldAdminCheckboxSelectMultipleWidget()
    )
    signed = forms.BooleanField(
        label=_("Signing key"),
        required=False,
        help_text=_("With a secret, for covers and chat images."),
        widget=UnfoldBooleanSwitchWidget(),
    )

    class Meta:
        model = ApiKey
        fields = ("user", "name", "scopes", "source", "expires_at", "call_limit", "per_minute")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("user") and cleaned.get("scopes"):
            try:
                check_issue(user=cleaned["user"], scopes=cleaned["scopes"], by=self.by)
            except AccountError as error:
                raise forms.ValidationError(str(error)) from error
        return cleaned
