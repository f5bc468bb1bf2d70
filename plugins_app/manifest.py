"""plugin.yaml, read and checked. Pure: a mapping in, frozen dataclasses out."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError

from plugins_app import quantities
from plugins_app.errors import InvalidManifest
from plugins_app.manifest_schema import MANIFEST

FILE_NAME: Final = "plugin.yaml"
MAX_BYTES: Final = 1 << 20
LOG_BYTES_PER_SECOND: Final = 1 << 20
PRIORITIES: Final = {"low": 0, "normal": 50, "high": 100, "critical": 200}
PYTHON: Final = "python"
INTERPRETERS: Final = {"node": "node", "javascript": "node"}
_VALIDATOR: Final = Draft202012Validator(MANIFEST)
Quantity = TypeVar("Quantity", int, float)


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
    requirements: str = ""  # a file in its folder
    dependencies: tuple[Dependency, ...] = ()
    network: Network = Network("all", ())
    logging: Logging = Logging("info", LOG_BYTES_PER_SECOND)
    standby: int = 0


def read(folder: Path) -> dict[str, Any]:
    """The mapping in the folder's plugin.yaml, unchecked. Raises `InvalidManifest`."""
    path = folder / FILE_NAME
    try:
        text = path.read_bytes()
    except OSError as error:
        raise InvalidManifest(f"Cannot read {path}: {error.strerror}.") from None
    return load(text, str(path))


def load(text: bytes, path: str = FILE_NAME) -> dict[str, Any]:
    """The mapping in the text of a plugin.yaml, unchecked; `path` is for its words. Raises `InvalidManifest`."""
    if len(text) > MAX_BYTES:
        raise InvalidManifest(f"{path} is larger than {MAX_BYTES} bytes.")
    try:
        raw = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError) as error:
        raise InvalidManifest(f"{path} is not YAML: {error}") from None
    if not isinstance(raw, dict):
        raise InvalidManifest(f"{path} must hold a mapping.")
    return raw


def parse(raw: dict[str, Any]) -> Manifest:
    """Check and fill in what was left out. Raises `InvalidManifest` that names every wrong field."""
    problems = {_path(error): _sentence(error) for error in _VALIDATOR.iter_errors(raw)}
    if problems:
        raise _invalid(problems)
    problems = _beyond_schema(raw)
    if problems:
        raise _invalid(problems)
    return _build(raw)


def _beyond_schema(raw: dict[str, Any]) -> dict[str, str]:
    """What a schema cannot say."""
    problems = {}
    runtime, scale = raw["runtime"], raw.get("autoscale", {})
    if not runtime.get("executable") and not runtime.get("entrypoint"):
        problems["runtime"] = "needs an entrypoint or an executable"
    elif not runtime.get("executable") and runtime.get("language") not in {PYTHON, *INTERPRETERS}:
        problems["runtime.executable"] = "is needed unless language is python or node"
    if scale.get("minimum", 1) > scale.get("maximum", 4):
        problems["autoscale.minimum"] = "must not exceed autoscale.maximum"
    slugs = [agent["slug"] for agent in raw["agents"]]
    if len(set(slugs)) != len(slugs):
        problems["agents"] = "two agents have one slug"
    try:
        Draft202012Validator.check_schema(raw.get("config_schema", {}))
    except SchemaError as error:
        problems["config_schema"] = f"is not a JSON Schema: {error.message}"
    return problems


def _build(raw: dict[str, Any]) -> Manifest:
    metadata = raw["metadata"]
    return Manifest(
        name=metadata["name"],
        version=metadata["version"],
        description=metadata.get("description", ""),
        kind=raw.get("kind", "custom"),
        priority=PRIORITIES[raw.get("priority", "normal")],
        trust=raw.get("trust", "internal"),
        reload=raw.get("reload", "debounced"),
        framework=raw.get("framework", "custom"),
        capabilities=tuple(raw.get("capabilities", ())),
        runtime=_runtime(raw["runtime"]),
        environment={name: _text(value) for name, value in raw.get("environment", {}).items()},
        resources=_resources(raw.get("resources", {})),
        agents=tuple(_agent(entry, metadata, raw) for entry in raw["agents"]),
        replicas=raw.get("replicas", 1),
        autostart=raw.get("autostart", True),
        autoscale=_autoscale(raw["autoscale"]) if "autoscale" in raw else None,
        config=raw.get("config", {}),
        config_schema=raw.get("config_schema", {}),
        requirements=raw.get("requirements", ""),
        dependencies=tuple(_dependency(entry) for entry in raw.get("dependencies", ())),
        network=_network(raw.get("network", {})),
        logging=_logging(raw.get("logging", {})),
        standby=raw.get("standby", 0),
    )


def _dependency(raw: dict[str, Any]) -> Dependency:
    return Dependency(raw["name"], raw.get("version", ""), raw.get("optional", False))


def _network(raw: dict[str, Any]) -> Network:
    return Network(raw.get("policy", "all"), tuple(raw.get("hosts", ())))


def _logging(raw: dict[str, Any]) -> Logging:
    path = "logging.max_bytes_per_second"
    return Logging(
        level=raw.get("level", "info"),
        bytes_per_second=_quantity(path, quantities.size, raw, LOG_BYTES_PER_SECOND),
    )


def _runtime(raw: dict[str, Any]) -> Runtime:
    return Runtime(
        language=raw.get("language", ""),
        executable=raw.get("executable", ""),
        entrypoint=raw.get("entrypoint", ""),
        args=tuple(raw.get("args", ())),
        startup_timeout=_quantity("runtime.startup_timeout", quantities.seconds, raw, 10.0),
        shutdown_timeout=_quantity("runtime.shutdown_timeout", quantities.seconds, raw, 5.0),
        grpc_port=raw.get("grpc_port", 0),
        contracts=tuple(raw.get("contracts", ())),
    )


def _resources(raw: dict[str, Any]) -> Resources:
    return Resources(
        memory_bytes=_quantity("resources.memory_limit", quantities.size, raw, 0) or None,
        cpus=_quantity("resources.cpu_limit", quantities.cpus, raw, 0.0) or None,
        disk_bytes=_quantity("resources.disk_limit", quantities.size, raw, 0) or None,
    )


def _autoscale(raw: dict[str, Any]) -> Autoscale:
    return Autoscale(
        minimum=raw.get("minimum", 1),
        maximum=raw.get("maximum", 4),
        target_in_flight=float(raw.get("target_in_flight", 4)),
        cooldown_seconds=round(_quantity("autoscale.cooldown", quantities.seconds, raw, 30.0)),
    )


def _agent(raw: dict[str, Any], metadata: dict[str, Any], plugin: dict[str, Any]) -> AgentEntry:
    return AgentEntry(
        slug=raw["slug"],
        name=raw.get("name", raw["slug"]),
        description=raw.get("description", metadata.get("description", "")),
        version=raw.get("version", metadata["version"]),
        retry=raw.get("retry", "undelivered"),
        capabilities=tuple(raw.get("capabilities", plugin.get("capabilities", ()))),
        skills=tuple(raw.get("skills", ())),
        config=raw.get("config", {}),
        card=raw.get("card", {}),
        direct_messages=raw.get("direct_messages", False),
    )


def _quantity(
    path: str, read: Callable[[str | float], Quantity], raw: dict[str, Any], default: Quantity
) -> Quantity:
    key = path.rpartition(".")[2]
    if key not in raw:
        return default
    try:
        return read(raw[key])
    except ValueError as error:
        raise _invalid({path: str(error)}) from None


def config_problems(schema: dict[str, Any], config: Any) -> dict[str, str]:
    """What is wrong with a configuration, by dotted field; empty when nothing is."""
    errors: Iterable[ValidationError] = Draft202012Validator(schema).iter_errors(config)
    return {_path(error): _sentence(error) for error in errors}


def _invalid(problems: dict[str, str]) -> InvalidManifest:
    told = "; ".join(f"{name} {problem}".strip() for name, problem in problems.items())
    return InvalidManifest(f"{FILE_NAME}: {told}", fields=problems)


def _path(error: ValidationError) -> str:
    return ".".join(str(part) for part in error.absolute_path)


def _sentence(error: ValidationError) -> str:
    """jsonschema's words without the whole value, which may be long or secret."""
    value: Any = error.validator_value
    match error.validator:
        case "type":
            return f"must be {' or '.join([value] if isinstance(value, str) else value)}"
        case "enum":
            return f"must be one of {', '.join(map(str, value))}"
        case "pattern":
            return f"must match {value}"
        case "required" | "additionalProperties":
            return error.message
        case name:
            return f"breaks {name}: {value}"


def _text(value: str | float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
