"""Forms of the console about people and keys. They check shapes; services check rights and meaning."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.forms import AuthenticationForm as UnfoldAuthenticationForm

from security import services
from security.authentication import caller
from security.errors import TooManyRequests
from security.models import Role

LIVES = (
    ("1", _("1 day")),
    ("30", _("30 days")),
    ("90", _("90 days")),
    ("365", _("1 year")),
    ("", _("never")),
)


class LoginForm(UnfoldAuthenticationForm):
    """Asks for an active user; being staff is not asked. Who guesses is told to wait: `throttled` says so."""

    throttled: TooManyRequests | None = None

    def clean(self) -> Any:
        name, visitor = self.cleaned_data.get("username"), caller(self.request)
        if name is None or not self.cleaned_data.get("password"):
            return self.cleaned_data
        try:
            services.begin_login(visitor, name)
        except TooManyRequests as error:
            self.throttled = error
            raise forms.ValidationError(error.message) from None
        try:
            super().clean()
        finally:
            services.end_login(visitor, name, self.get_user())
        return self.cleaned_data

    def confirm_login_allowed(self, user: Any) -> None:
        AuthenticationForm.confirm_login_allowed(self, user)


class _WithRoles(forms.Form):
    #: What is chosen when nobody chooses: not the most powerful.
    usual_role = "viewer"
    role = forms.ModelChoiceField(
        Role.objects.none(), to_field_name="name", empty_label=None, label=_("Role")
    )

    def __init__(self, *args: Any, roles: QuerySet[Role], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["role"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = roles
        self.initial.setdefault("role", self.usual_role)


class ApiKeyForm(_WithRoles):
    usual_role = "developer"
    name = forms.CharField(
        max_length=100, label=_("Name"), help_text=_("What will use it, such as “billing bot”.")
    )
    days = forms.ChoiceField(choices=LIVES, required=False, initial="90", label=_("Expires after"))
    field_order = ("name", "role", "days")

    def service_input(self) -> dict[str, Any]:
        """What `create_api_key` takes."""
        days = self.cleaned_data["days"]
        return {
            "name": self.cleaned_data["name"],
            "role": self.cleaned_data["role"].name,
            "expires": timezone.now() + timedelta(days=int(days)) if days else None,
        }


class UserForm(_WithRoles):
    username = forms.CharField(max_length=150, label=_("Name"))
    email = forms.EmailField(required=False, label=_("E-mail"))
    password = forms.CharField(
        label=_("Password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        strip=False,
    )
    field_order = ("username", "email", "password", "role")

    def service_input(self) -> dict[str, Any]:
        """What `create_user` takes."""
        return {**self.cleaned_data, "role": self.cleaned_data["role"].name}
