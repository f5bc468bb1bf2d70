"""Whom a plugin that nobody vouches for may talk to, by an admin's word."""

from collections.abc import Collection, Iterable
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from plugins_app.models import Plugin, PluginRelease
from plugins_app.services.operation import renew_generation
from plugins_app.services.settling import lock_plugin
from security import audit, permissions
from security.errors import InvalidInput
from security.principals import Principal


@transaction.atomic
def allow_hosts(principal: Principal, ref: str | UUID, hosts: Collection[str]) -> Plugin:
    """Let it talk to these of the hosts that its manifest lists, and to no others; none takes all back.

    A later release that lists more gets no more. Processes are replaced now. Raises `InvalidInput` for a host that
    is not listed.
    """
    principal.require(permissions.PLUGINS_MANAGE)
    plugin = lock_plugin(ref)
    listed = _listed((plugin.release, plugin.next_release))
    if unlisted := sorted(set(hosts) - listed):
        told = _("%(hosts)s: its plugin.yaml does not list that under network.hosts.")
        names = {"hosts": ", ".join(unlisted)[:200]}
        raise InvalidInput(told % names, fields={"hosts": _("not listed")})
    before, plugin.allowed_hosts = plugin.allowed_hosts, sorted(set(hosts))
    if before == plugin.allowed_hosts:
        return plugin
    plugin.save(update_fields=["allowed_hosts", "updated"])
    was, now = {"hosts": before}, {"hosts": plugin.allowed_hosts}
    audit.record(principal, "plugin.hosts_allowed", "plugin", plugin.slug, before=was, after=now)
    return (
        plugin if plugin.desired == Plugin.Desired.STOPPED else renew_generation(plugin, asked=True)
    )


def _listed(releases: Iterable[PluginRelease | None]) -> set[str]:
    networks = (each.manifest.get("network", {}) for each in releases if each is not None)
    return {host for network in networks for host in network.get("hosts", ())}
