"""What is forgotten of releases that went before. The folders of what no row refers to are the nodes' to remove."""

from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import transaction

from plugins_app.models import Package, Plugin, PluginInstance, PluginRelease
from security import news

FORGOTTEN: Final = "forgotten"  # news: nodes have folders that no row refers to


def forget_old() -> None:
    """Of each plugin, the newest releases stay (AGENTX_KEPT_RELEASES), and whatever is in use."""
    for plugin_id in Plugin.objects.values_list("id", flat=True):
        with transaction.atomic():
            plugin = Plugin.objects.select_for_update().filter(id=plugin_id).first()
            if plugin is not None:
                forget_superseded(plugin)
    forget_packages()


def forget_superseded(plugin: Plugin) -> None:
    """The same of one plugin, whose row is locked: an author at work brings a release with each save."""
    every = list(plugin.releases.order_by("-installed"))
    stay = kept(plugin) | {each.id for each in every[: settings.KEPT_RELEASES]}
    if old := [each for each in every if each.id not in stay]:
        forget(old)
        news.publish_on_commit(FORGOTTEN)


def kept(plugin: Plugin) -> set[UUID]:
    """Those that run, are to run, or would be gone back to."""
    rows = PluginInstance.objects.filter(plugin=plugin).values_list("release_id", flat=True)
    named = (plugin.release_id, plugin.next_release_id, plugin.good_release_id)
    return {each for each in (*rows, *named) if each is not None}


def forget(releases: list[PluginRelease]) -> None:
    for release in releases:
        release.delete()


def forget_packages() -> None:
    """What was only brought here, and of which no release is left. The nodes hear that there is something to tidy."""
    news.publish_on_commit(FORGOTTEN)
    Package.objects.filter(listed=False, releases=None).delete()
