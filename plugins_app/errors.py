"""What can go wrong with plugins. The first four may be shown to anybody; the rest become a row's reason."""

from security.errors import Conflict, InvalidInput, NotFound


class PluginNotFound(NotFound):
    code, reason = "plugin_not_found", "PLUGIN_NOT_FOUND"


class InvalidManifest(InvalidInput):
    """plugin.yaml cannot be used; `fields` names each field that is wrong."""

    code, reason = "invalid_manifest", "INVALID_MANIFEST"


class InvalidConfig(InvalidInput):
    """The configuration does not fit the plugin's schema; `fields` names each field that is wrong."""

    code, reason = "invalid_config", "INVALID_CONFIG"


class AgentTaken(Conflict):
    """The agent's address belongs to somebody else."""

    code, reason = "agent_taken", "AGENT_TAKEN"


class LaunchFailed(Exception):
    """A plugin process did not come to life. The text says why, for an operator."""


class NotOurs(Exception):
    """A process that was to be taken back is not the one that was started."""


class CallFailed(Exception):
    """A call to a plugin process failed, or it refused. The text says why."""
