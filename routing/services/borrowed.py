"""That an agent tried more with its caller's name than it is lent for."""

from django.db import transaction

from plugins_app.models import HostedAgent, PluginEvent
from plugins_app.services.events import record_event
from security.principals import Principal
from security.verdicts import verdicts


@transaction.atomic
def note_refused(principal: Principal, what: str, why: str) -> None:
    """In the audit and among the events of its plugin: once in a while for each turn, not for each try."""
    grant = principal.turn
    if grant is None or not verdicts.note_refused(principal, what):
        return
    hosted = HostedAgent.objects.filter(agent__slug=grant.agent).select_related("plugin").first()
    if hosted is not None:
        told = {"agent": grant.agent, "task": grant.task, "tried": what}
        record_event(hosted.plugin, None, PluginEvent.Type.REFUSED, why, told)
