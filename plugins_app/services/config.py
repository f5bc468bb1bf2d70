"""What a plugin is told to be like."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from plugins_app import manifest as manifests
from plugins_app.errors import InvalidConfig
from plugins_app.models import Plugin, PluginEvent
from plugins_app.services.events import record_event
from plugins_app.services.operation import renew_generation
from plugins_app.services.settling import lock_plugin
from security import audit, permissions
from security.principals import Principal


@transaction.atomic
def configure(principal: Principal, ref: str | UUID, config: dict[str, Any]) -> Plugin:
    """Replace the whole configuration; running processes are replaced one after the other.

    Raises `InvalidConfig` that names every field the plugin's schema refuses.
    """
    principal.require(permissions.PLUGINS_MANAGE)
    plugin = lock_plugin(ref)
    schema = plugin.release.manifest.get("config_schema", {}) if plugin.release else {}
    if problems := manifests.config_problems({"type": "object", **schema}, config):
        listed = "; ".join(f"{name} {problem}".strip() for name, problem in problems.items())
        told = _("The configuration does not fit: %(problems)s") % {"problems": listed}
        raise InvalidConfig(told, fields=problems)
    changed = sorted(
        key
        for key in plugin.config.keys() | config.keys()
        if plugin.config.get(key) != config.get(key)
    )
    if not changed:
        return plugin
    plugin.config = config
    plugin.save(update_fields=["config", "updated"])
    # Names only: a value may be a secret.
    audit.record(principal, "plugin.configured", "plugin", plugin.slug, after={"changed": changed})
    record_event(plugin, None, PluginEvent.Type.CONFIGURED, ", ".join(changed), {"keys": changed})
    return renew_generation(plugin)
