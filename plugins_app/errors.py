"""What can go wrong with plugins. `PublicError`s may be shown to anybody; the rest become a row's reason."""

from django.utils.translation import gettext as _

from security.errors import Conflict, Forbidden, InvalidInput, NotFound, Unavailable


class PluginNotFound(NotFound):
    code, reason = "plugin_not_found", "PLUGIN_NOT_FOUND"


class ReleaseNotFound(NotFound):
    code, reason = "release_not_found", "RELEASE_NOT_FOUND"


class ReleaseInUse(Conflict):
    """It runs, or it is where a bad release would be rolled back to."""

    code, reason = "release_in_use", "RELEASE_IN_USE"


class InvalidManifest(InvalidInput):
    """plugin.yaml cannot be used; `fields` names each field that is wrong."""

    code, reason = "invalid_manifest", "INVALID_MANIFEST"


class InvalidConfig(InvalidInput):
    """The configuration does not fit the plugin's schema; `fields` names each field that is wrong."""

    code, reason = "invalid_config", "INVALID_CONFIG"

    @classmethod
    def of(cls, problems: dict[str, str]) -> "InvalidConfig":
        """By dotted field; the empty one is the whole."""
        listed = "; ".join(f"{name} {problem}".strip() for name, problem in problems.items())
        told = _("The configuration does not fit: %(problems)s") % {"problems": listed}
        return cls(told, fields=problems)


class ConfigChanged(Conflict):
    """Somebody else changed the configuration meanwhile."""

    code, reason = "config_changed", "CONFIG_CHANGED"


class RevisionNotFound(NotFound):
    code, reason = "revision_not_found", "REVISION_NOT_FOUND"


class SecretNotFound(NotFound):
    code, reason = "secret_not_found", "SECRET_NOT_FOUND"


class InvalidPackage(InvalidInput):
    """The file is no package of a plugin that AgentX takes; the sentence names the entry that is wrong."""

    code, reason = "invalid_package", "INVALID_PACKAGE"


class InvalidKey(InvalidInput):
    """What should be an Ed25519 key is none."""

    code, reason = "invalid_key", "INVALID_KEY"


class NotSigned(Forbidden):
    """The signature of a package is wrong, of a key that is unknown here, or of one that was revoked."""

    code, reason = "signature_refused", "SIGNATURE_REFUSED"


class PackageNotFound(NotFound):
    code, reason = "package_not_found", "PACKAGE_NOT_FOUND"


class InvalidRegistry(Unavailable):
    """Another registry is away, or is none; the sentence says which and why."""

    code, reason = "registry_unavailable", "REGISTRY_UNAVAILABLE"


class Needed(Conflict):
    """A plugin that is needed is missing, or would be broken, or plugins would need one another in a circle."""

    code, reason = "plugin_needed", "PLUGIN_NEEDED"


class ChangedFiles(Exception):
    """What lies in a release's folder is not what was installed. `names`: some of the files, as far as known."""

    def __init__(self, names: tuple[str, ...]) -> None:
        told = f"In its folder {', '.join(names)}" if names else "Something in its folder"
        super().__init__(f"{told} was changed after it was installed: install it again.")
        self.names = names


class AgentTaken(Conflict):
    """The agent's address belongs to somebody else."""

    code, reason = "agent_taken", "AGENT_TAKEN"


class HostedAgentNotFound(NotFound):
    """The plugin has no such agent."""

    code, reason = "hosted_agent_not_found", "HOSTED_AGENT_NOT_FOUND"


class JoinRefused(Forbidden):
    """A process that AgentX did not start may not come in, or may not be who it says it is."""

    code, reason = "join_refused", "JOIN_REFUSED"


class LaunchFailed(Exception):
    """A plugin process did not come to life. The text says why, for an operator."""


class NotOurs(Exception):
    """A process that was to be taken back is not the one that was started."""


class CallFailed(Exception):
    """A call to a plugin process failed, or it refused. The text says why."""


class NotSpoken(CallFailed):
    """A call that the process does not have: it was made for an older contract."""


class ConfigRefused(CallFailed):
    """The process will not have this configuration."""


class Unanswered(CallFailed):
    """The process is there, and this call did not succeed."""


class AgentRefused(CallFailed):
    """The process is well, and cannot make this agent."""


class Tampered(LaunchFailed):
    """What was installed was changed since: it is not started, however often one tries."""


class PreparationFailed(Exception):
    """A release could not be made ready on this node. The text says why, `lines` what the installer said last."""

    is_refusal = False

    def __init__(self, reason: str, lines: list[str] | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.lines = lines or []


class PreparationRefused(PreparationFailed):
    """It asks an installer for what only trusted plugins may: no accident."""

    is_refusal = True
