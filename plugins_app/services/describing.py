"""What processes say of the agents they host."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from django.db import transaction

from plugins_app import manifest as manifests
from plugins_app.client.shapes import AgentDescription
from plugins_app.models import Plugin
from plugins_app.services.guarding import record_refusal
from plugins_app.services.hosting import entries_of, publish
from registry.models import Agent
from security.principals import system

US: Final = system("supervisor")


@transaction.atomic
def publish_described(instance_id: UUID, agents: Sequence[AgentDescription]) -> None:
    """It goes into their cards. Agents that neither the manifest nor people name wait.

    One that belongs to somebody else is refused: no process speaks for an agent it does not host.
    """
    plugin = Plugin.objects.select_for_update().filter(instances=instance_id).first()
    if plugin is None or plugin.release is None:
        return
    manifest = manifests.parse(plugin.release.manifest)
    entries = entries_of(plugin, manifest)
    for told in agents:
        if told.slug in entries:
            entry = entries[told.slug]
            publish(US, plugin, entry, manifest, card=told.card)
    for slug in _of_others(plugin, [told.slug for told in agents if told.slug not in entries]):
        reason = f"It speaks of the agent {slug}, which it does not host: nothing of it is taken."
        record_refusal(instance_id, "plugin.described", reason, {"agent": slug})


def _of_others(plugin: Plugin, slugs: Sequence[str]) -> list[str]:
    taken = Agent.objects.filter(slug__in=slugs, retired__isnull=True)
    return list(taken.exclude(hosted_by__plugin=plugin).values_list("slug", flat=True))
