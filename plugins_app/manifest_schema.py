"""What plugin.yaml may hold, as a JSON Schema. Unknown keys are refused: a typo is not a setting."""

from typing import Any, Final

SLUG: Final = {"type": "string", "pattern": "^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$"}
TEXT: Final = {"type": "string", "maxLength": 4000}
NAMES: Final = {"type": "array", "items": {"type": "string", "minLength": 1}, "uniqueItems": True}
DURATION: Final = {"type": ["string", "number"]}
AMOUNT: Final = {"type": ["string", "number"]}
REPLICAS: Final = {"type": "integer", "minimum": 1, "maximum": 32}


def _object(properties: dict[str, Any], required: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


SKILL: Final = _object(
    {
        "id": TEXT,
        "name": TEXT,
        "description": TEXT,
        "tags": NAMES,
        "examples": {"type": "array", "items": TEXT},
        "inputModes": NAMES,
        "outputModes": NAMES,
    },
    required=("id", "name"),
)
EXTENSION: Final = _object(
    {
        "uri": {"type": "string", "minLength": 1},
        "description": TEXT,
        "required": {"type": "boolean"},
        "params": {"type": "object"},
    },
    required=("uri",),
)
# What an agent may say of itself beyond its skills; the rest of an A2A card is AgentX's word.
CARD: Final = _object(
    {
        "provider": _object({"url": TEXT, "organization": TEXT}, ("url", "organization")),
        "documentationUrl": TEXT,
        "iconUrl": TEXT,
        "defaultInputModes": NAMES,
        "defaultOutputModes": NAMES,
        "capabilities": _object(
            {
                "streaming": {"type": "boolean"},
                "pushNotifications": {"type": "boolean"},
                "extensions": {"type": "array", "items": EXTENSION},
            }
        ),
        "extended": {"type": "object"},
    }
)
AGENT: Final = _object(
    {
        "slug": SLUG,
        "name": TEXT,
        "description": TEXT,
        "version": TEXT,
        "capabilities": NAMES,
        "skills": {"type": "array", "items": SKILL},
        "config": {"type": "object"},
        "card": CARD,
        "direct_messages": {"type": "boolean"},
        "retry": {"enum": ["never", "undelivered", "always"]},
    },
    required=("slug",),
)
METADATA: Final = _object(
    {
        "name": SLUG,
        "version": {"type": "string", "minLength": 1, "maxLength": 64},
        "description": TEXT,
        "author": TEXT,
        "license": TEXT,
        "homepage": TEXT,
        "tags": NAMES,
    },
    required=("name", "version"),
)
RUNTIME: Final = _object(
    {
        "language": {"type": "string"},
        "executable": {"type": "string", "minLength": 1},
        "entrypoint": {"type": "string", "minLength": 1},
        "args": {"type": "array", "items": {"type": "string"}},
        "grpc_port": {"type": "integer", "minimum": -1, "maximum": 65535},
        "contracts": {"type": "array", "items": {"type": "integer"}, "minItems": 1},
        "health_check_interval": DURATION,
        "startup_timeout": DURATION,
        "shutdown_timeout": DURATION,
    }
)
AUTOSCALE: Final = _object(
    {
        "minimum": REPLICAS,
        "maximum": REPLICAS,
        "target_in_flight": {"type": "number", "exclusiveMinimum": 0},
        "cooldown": DURATION,
    }
)
DEPENDENCY: Final = _object(
    {"name": TEXT, "version": TEXT, "optional": {"type": "boolean"}}, required=("name",)
)
HEALTH_CHECK: Final = _object(
    {
        "enabled": {"type": "boolean"},
        "endpoint": TEXT,
        "interval": DURATION,
        "timeout": DURATION,
        "retries": {"type": "integer", "minimum": 1},
    }
)
LOGGING: Final = _object(
    {
        "level": {"enum": ["debug", "info", "warning", "error", "critical"]},
        "format": {"enum": ["json", "text"]},
        "max_bytes_per_second": AMOUNT,
    }
)
# Whom its processes may talk to. `hosts`: names, with or without a port; a leading `*.` takes subdomains.
NETWORK: Final = _object(
    {"policy": {"enum": ["none", "loopback", "hosts", "all"]}, "hosts": NAMES},
    required=("policy",),
)

MANIFEST: Final[dict[str, Any]] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "AgentX plugin.yaml",
    **_object(
        {
            "metadata": METADATA,
            "kind": {
                "enum": [
                    "llm",
                    "tool",
                    "storage",
                    "memory",
                    "vector_db",
                    "communication",
                    "monitor",
                    "skill",
                    "framework",
                    "custom",
                ]
            },
            "priority": {"enum": ["low", "normal", "high", "critical"]},
            "trust": {"enum": ["public", "verified", "trusted", "internal"]},
            "reload": {"enum": ["immediate", "debounced", "manual", "on_idle"]},
            "framework": TEXT,
            "capabilities": NAMES,
            "runtime": RUNTIME,
            "requirements": {"type": "string"},
            "environment": {
                "type": "object",
                "propertyNames": {"pattern": "^[A-Za-z_][A-Za-z0-9_]*$"},
                "additionalProperties": {"type": ["string", "number", "boolean"]},
            },
            "resources": _object(
                {"memory_limit": AMOUNT, "cpu_limit": AMOUNT, "disk_limit": AMOUNT}
            ),
            "dependencies": {"type": "array", "items": DEPENDENCY},
            "agents": {"type": "array", "items": AGENT, "minItems": 1},
            "replicas": REPLICAS,
            "autostart": {"type": "boolean"},
            "autoscale": AUTOSCALE,
            "config_schema": {"type": "object"},
            "config": {"type": "object"},
            "health_check": HEALTH_CHECK,
            "logging": LOGGING,
            "network": NETWORK,
            "standby": {"type": "integer", "minimum": 0, "maximum": 4},
        },
        required=("metadata", "runtime", "agents"),
    ),
}
