"""From a mapping to a manifest."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from plugins_app import quantities
from plugins_app.manifest import checking
from plugins_app.manifest.shapes import (
    LOG_BYTES_PER_SECOND,
    PRIORITIES,
    AgentEntry,
    Autoscale,
    Dependency,
    HealthCheck,
    Logging,
    Manifest,
    Network,
    Resources,
    Runtime,
)

Quantity = TypeVar("Quantity", int, float)


def parse(raw: dict[str, Any]) -> Manifest:
    """Check and fill in what was left out. Raises `InvalidManifest` that names every wrong field.

    What `load` and `read` gave is told with its lines.
    """
    checking.check(raw)
    return _build(raw)


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
        agent_schema=raw.get("agent_schema", {}),
        conversation_memory=raw.get("conversation_memory", False),
        needs_model=raw.get("needs_model", False),
        requirements=raw.get("requirements", ""),
        dependencies=tuple(_dependency(entry) for entry in raw.get("dependencies", ())),
        network=_network(raw.get("network", {})),
        logging=_logging(raw.get("logging", {})),
        standby=raw.get("standby", 0),
        health=_health(raw.get("health_check", {}), raw["runtime"]),
    )


def _dependency(raw: dict[str, Any]) -> Dependency:
    return Dependency(raw["name"], raw.get("version", ""), raw.get("optional", False))


def _network(raw: dict[str, Any]) -> Network:
    return Network(raw.get("policy", "all"), tuple(raw.get("hosts", ())))


def _logging(raw: dict[str, Any]) -> Logging:
    return Logging(
        level=raw.get("level", "info"),
        bytes_per_second=_quantity(
            "max_bytes_per_second", quantities.size, raw, LOG_BYTES_PER_SECOND
        ),
    )


def _health(raw: dict[str, Any], runtime: dict[str, Any]) -> HealthCheck:
    usual = HealthCheck()
    every = _quantity("health_check_interval", quantities.seconds, runtime, usual.interval)
    return HealthCheck(
        enabled=raw.get("enabled", usual.enabled),
        interval=_quantity("interval", quantities.seconds, raw, every),
        timeout=_quantity("timeout", quantities.seconds, raw, usual.timeout),
        retries=raw.get("retries", usual.retries),
    )


def _runtime(raw: dict[str, Any]) -> Runtime:
    return Runtime(
        language=raw.get("language", ""),
        executable=raw.get("executable", ""),
        entrypoint=raw.get("entrypoint", ""),
        args=tuple(raw.get("args", ())),
        startup_timeout=_quantity("startup_timeout", quantities.seconds, raw, 10.0),
        shutdown_timeout=_quantity("shutdown_timeout", quantities.seconds, raw, 5.0),
        grpc_port=raw.get("grpc_port", 0),
        contracts=tuple(raw.get("contracts", ())),
    )


def _resources(raw: dict[str, Any]) -> Resources:
    return Resources(
        memory_bytes=_quantity("memory_limit", quantities.size, raw, 0) or None,
        cpus=_quantity("cpu_limit", quantities.cpus, raw, 0.0) or None,
        disk_bytes=_quantity("disk_limit", quantities.size, raw, 0) or None,
    )


def _autoscale(raw: dict[str, Any]) -> Autoscale:
    return Autoscale(
        minimum=raw.get("minimum", 1),
        maximum=raw.get("maximum", 4),
        target_in_flight=float(raw.get("target_in_flight", 4)),
        cooldown_seconds=round(_quantity("cooldown", quantities.seconds, raw, 30.0)),
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
    key: str, read: Callable[[str | float], Quantity], raw: dict[str, Any], default: Quantity
) -> Quantity:
    return read(raw[key]) if key in raw else default


def config_problems(schema: dict[str, Any], config: Any) -> dict[str, str]:
    """What is wrong with a configuration, by dotted field; empty when nothing is."""
    errors: Iterable[ValidationError] = Draft202012Validator(schema).iter_errors(config)
    return {checking.dotted(error.absolute_path): checking.sentence(error) for error in errors}


def _text(value: str | float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
