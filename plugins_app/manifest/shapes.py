"""What a manifest says, with everything filled in that was left out."""

from dataclasses import dataclass, field
from typing import Any, Final

LOG_BYTES_PER_SECOND: Final = 1 << 20
PRIORITIES: Final = {"low": 0, "normal": 50, "high": 100, "critical": 200}
PYTHON: Final = "python"
INTERPRETERS: Final = {"node": "node", "javascript": "node"}


@dataclass(frozen=True, slots=True)
class Runtime:
    """How to start it. Times in seconds."""

    language: str
    executable: str  # empty: by the language
    entrypoint: str  # relative to the plugin's folder; may be empty when there is an executable
    args: tuple[str, ...]
    startup_timeout: float
    shutdown_timeout: float
    grpc_port: int = 0  # 0: a unix socket; else TCP on loopback with mutual TLS
    contracts: tuple[int, ...] = ()  # those it speaks; empty: its handshake tells


@dataclass(frozen=True, slots=True)
class Resources:
    """What one process may use; None: no limit of ours."""

    memory_bytes: int | None
    cpus: float | None
    disk_bytes: int | None


@dataclass(frozen=True, slots=True)
class AgentEntry:
    """An agent the plugin hosts from the start. `card` is a part of its A2A card."""

    slug: str
    name: str
    description: str
    version: str
    retry: str
    capabilities: tuple[str, ...]
    skills: tuple[dict[str, Any], ...]
    config: dict[str, Any]
    card: dict[str, Any]
    direct_messages: bool


@dataclass(frozen=True, slots=True)
class Autoscale:
    minimum: int
    maximum: int
    target_in_flight: float
    cooldown_seconds: int


@dataclass(frozen=True, slots=True)
class Dependency:
    """Another plugin that must be installed, in a version that `version` (PEP 440 or semver range) takes."""

    name: str
    version: str  # empty: any
    optional: bool


@dataclass(frozen=True, slots=True)
class Network:
    """Whom its processes may talk to: none, loopback, hosts (those listed) or all."""

    policy: str
    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Logging:
    level: str
    bytes_per_second: int  # a process that writes more loses lines, and is told so


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """When a process that does not answer is replaced. Times in seconds."""

    enabled: bool = True  # else it is shown as degraded, and stays
    interval: float = 3.0
    timeout: float = 2.5
    retries: int = 3

    @property
    def degraded_after(self) -> float:
        """Seconds of silence after which it is shown as degraded."""
        return self.interval * self.retries

    @property
    def replaced_after(self) -> float:
        """Seconds of silence after which it is replaced."""
        return self.interval * (self.retries + 1)


@dataclass(frozen=True, slots=True)
class Manifest:
    """A plugin as its author describes it. `autostart`: bundled, it starts when it is first seen."""

    name: str
    version: str
    description: str
    kind: str
    priority: int
    trust: str
    reload: str
    framework: str
    capabilities: tuple[str, ...]
    runtime: Runtime
    environment: dict[str, str]
    resources: Resources
    agents: tuple[AgentEntry, ...]
    replicas: int
    autostart: bool
    autoscale: Autoscale | None
    config: dict[str, Any] = field(default_factory=dict)
    config_schema: dict[str, Any] = field(default_factory=dict)
    agent_schema: dict[str, Any] = field(default_factory=dict)
    conversation_memory: bool = False
    needs_model: bool = False  # what `model` of its configuration leaves out is the default model
    requirements: str = ""  # a file in its folder
    dependencies: tuple[Dependency, ...] = ()
    network: Network = Network("all", ())
    logging: Logging = Logging("info", LOG_BYTES_PER_SECOND)
    standby: int = 0
    health: HealthCheck = HealthCheck()
