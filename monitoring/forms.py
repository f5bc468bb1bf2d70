"""The console's form for an alert rule. It checks shapes; services check rights and meaning."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from monitoring.catalogue import METRICS
from monitoring.models import AlertRule

if TYPE_CHECKING:
    AlertRuleBase = forms.ModelForm[AlertRule]
else:
    AlertRuleBase = forms.ModelForm


class RuleForm(AlertRuleBase):
    metric = forms.ChoiceField(label=_("Metric"))

    class Meta:
        model = AlertRule
        fields = (
            *("name", "description", "metric", "comparison", "threshold"),
            *("for_seconds", "severity", "webhook_url", "enabled"),
        )
        widgets = {"description": forms.Textarea(attrs={"rows": 2})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        metric = self.fields["metric"]
        assert isinstance(metric, forms.ChoiceField)
        metric.choices = [
            (one.name, f"{one.label} ({one.unit})" if one.unit else one.label)
            for one in METRICS.values()
        ]
        if not self.instance._state.adding:
            del self.fields["name"]
