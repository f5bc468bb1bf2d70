"""Forms of the console about plugins. They check shapes; services check rights and meaning."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from plugins_app.configuration import formats
from plugins_app.configuration.secrets import MAX_NAME
from plugins_app.models import MAX_REPLICAS, MAX_STANDBY, AutoscalePolicy, Plugin
from plugins_app.services.config import MAX_NOTE

MAX_NUMBER = 2**31 - 1


class ScaleForm(forms.Form):
    replicas = forms.IntegerField(min_value=1, max_value=MAX_REPLICAS)


class StandbyForm(forms.Form):
    standby = forms.IntegerField(min_value=0, max_value=MAX_STANDBY)


class RestoreForm(forms.Form):
    """Which revision, why, and which one somebody looked at."""

    number = forms.IntegerField(min_value=0, max_value=MAX_NUMBER)
    base = forms.IntegerField(min_value=0, max_value=MAX_NUMBER, required=False)
    note = forms.CharField(max_length=MAX_NOTE, required=False)


class AgentForm(forms.Form):
    """How an agent is called; its configuration has a form of its own."""

    slug = forms.CharField(
        max_length=64,
        label=_("Address"),
        help_text=_("Lower case letters, digits and dashes: callers reach it by that."),
    )
    name = forms.CharField(max_length=200, required=False, label=_("Name"))
    description = forms.CharField(
        max_length=4000,
        required=False,
        label=_("Description"),
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class ConfigText(forms.Form):
    """A configuration as a text, or as a file that was sent with it: the file wins."""

    config = forms.CharField(required=False, strip=False)
    file = forms.FileField(required=False, allow_empty_file=True)
    format = forms.ChoiceField(
        choices=[(name, name.upper()) for name in formats.FORMATS], required=False
    )
    base = forms.IntegerField(min_value=0, max_value=MAX_NUMBER, required=False)
    note = forms.CharField(max_length=MAX_NOTE, required=False)

    def clean(self) -> dict[str, Any]:
        told: dict[str, Any] = super().clean() or self.cleaned_data
        self.sent, self.sent_as = str(told.get("config", "")), str(told.get("format") or "json")
        if file := told.get("file"):
            self._take(file)
        return told

    def _take(self, file: "UploadedFile[Any]") -> None:
        if (file.size or 0) > formats.MAX_TEXT:
            raise forms.ValidationError(_("The file is too large for a configuration."))
        ending = (file.name or "").rpartition(".")[2].lower()
        self.sent_as = formats.ENDINGS.get(ending, self.sent_as)
        try:
            self.sent = file.read().decode()
        except UnicodeDecodeError:
            raise forms.ValidationError(_("The file is no UTF-8 text.")) from None


class SecretForm(forms.Form):
    name = forms.CharField(max_length=MAX_NAME)
    value = forms.CharField(max_length=65_536, strip=False)


class JoinTokenForm(forms.Form):
    LIVES = (
        ("3600", _("1 hour")),
        ("86400", _("1 day")),
        ("604800", _("1 week")),
        ("2592000", _("30 days")),
        ("31536000", _("1 year")),
    )

    plugin = forms.ModelChoiceField(
        Plugin.objects.none(), to_field_name="slug", empty_label=None, label=_("Plugin")
    )
    name = forms.CharField(max_length=100, label=_("Name"), help_text=_("What it is for."))
    lives = forms.ChoiceField(choices=LIVES, label=_("Good for"))
    uses = forms.IntegerField(
        min_value=1,
        max_value=10_000,
        required=False,
        initial=1,
        label=_("Uses"),
        help_text=_("How many processes it lets in; empty: any number."),
    )

    def __init__(self, *args: Any, plugins: "QuerySet[Plugin]", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["plugin"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = plugins

    def service_input(self) -> dict[str, Any]:
        """For `services.join_tokens.create_token`."""
        told = self.cleaned_data
        return {
            "ref": told["plugin"].slug,
            "name": told["name"],
            "seconds": int(told["lives"]),
            "uses": told["uses"],
        }


if TYPE_CHECKING:
    AutoscalePolicyBase = forms.ModelForm[AutoscalePolicy]
else:
    AutoscalePolicyBase = forms.ModelForm


class PolicyForm(AutoscalePolicyBase):
    class Meta:
        model = AutoscalePolicy
        fields = ("enabled", "minimum", "maximum", "target_in_flight", "cooldown_seconds")

    def clean(self) -> dict[str, Any]:
        # Said here, because the constraint behind it has no words for people.
        told: dict[str, Any] = super().clean() or self.cleaned_data
        if told.get("minimum", 0) > told.get("maximum", MAX_REPLICAS):
            self.add_error("minimum", _("It must be at most the maximum."))
        return told
