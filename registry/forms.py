"""Forms of the console about agents. They check shapes; services check rights and meaning."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from registry.services.credentials import NEEDED

SCHEMES = (
    ("", _("none")),
    ("bearer", _("bearer token")),
    ("apiKey", _("API key in a header")),
    ("basic", _("name and password")),
)


class RemoteForm(forms.Form):
    """Where an agent's card is, and what its service wants to see of us.

    `digest` is of the card that was shown before: another one is shown again, not registered.
    """

    card_url = forms.CharField(
        max_length=500,
        label=_("Card's address"),
        help_text=_("Of the card itself, or of the host it is on: the usual places are tried."),
        widget=forms.URLInput(attrs={"placeholder": "https://agents.example.com/"}),
    )
    name = forms.CharField(
        max_length=200,
        required=False,
        label=_("Name here"),
        help_text=_("Left out, the card's. Its address under /a2a/ is made of it."),
    )
    scheme = forms.ChoiceField(choices=SCHEMES, required=False, label=_("Credentials"))
    header = forms.CharField(
        max_length=100, required=False, label=_("Header"), help_text=_("Left out, X-API-Key.")
    )
    username = forms.CharField(max_length=200, required=False, label=_("User name"))
    secret = forms.CharField(
        required=False,
        label=_("Secret"),
        strip=False,
        help_text=_("The token, key or password. Kept sealed and never shown again."),
        widget=forms.PasswordInput(render_value=True, attrs={"autocomplete": "new-password"}),
    )
    digest = forms.CharField(required=False, widget=forms.HiddenInput)

    def credentials(self) -> dict[str, Any] | None:
        """As `register_remote_agent` takes them; None keeps those of before."""
        told = self.cleaned_data
        if not told["scheme"]:
            return None
        secret = NEEDED[told["scheme"]][-1]
        named = {"name": told["header"], "username": told["username"]}
        given = {"scheme": told["scheme"], secret: told["secret"], **named}
        return {key: value for key, value in given.items() if value}
