"""Forms of the console about plugins. They check shapes; services check rights and meaning."""

import json
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from plugins_app.models import MAX_REPLICAS, AutoscalePolicy
from security.errors import PublicError
from security.parsers import strict_json


class ScaleForm(forms.Form):
    replicas = forms.IntegerField(min_value=1, max_value=MAX_REPLICAS)


class _IndentedJson(forms.JSONField):
    """Read as strictly as the API reads bodies."""

    def to_python(self, value: Any) -> Any:
        try:
            return strict_json(str(value or "null").encode())
        except PublicError as error:
            raise forms.ValidationError(error.message) from None

    def bound_data(self, data: Any, initial: Any) -> Any:
        return data

    def prepare_value(self, value: Any) -> str:
        # What was typed and is no JSON comes back as it was typed.
        return value if isinstance(value, str) else json.dumps(value, indent=2)


class ConfigForm(forms.Form):
    config = _IndentedJson(
        label=_("Configuration"),
        widget=forms.Textarea(attrs={"rows": 14, "spellcheck": "false", "class": "ax-mono"}),
        help_text=_("JSON. Running processes are replaced one after the other."),
    )

    def clean_config(self) -> dict[str, Any]:
        config = self.cleaned_data["config"]
        if not isinstance(config, dict):
            raise forms.ValidationError(_("The configuration must be a JSON object."))
        return config


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
