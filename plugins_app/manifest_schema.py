"""What plugin.yaml may hold, as a JSON Schema. Unknown keys are refused: a typo is not a setting.

The SDK ships it as `manifest.schema.json`, so that editors complete and explain: `manage.py manifest_schema` writes it.
"""

from typing import Any, Final

Schema = dict[str, Any]


def _object(
    properties: Schema, required: tuple[str, ...] = (), description: str = ""
) -> dict[str, Any]:
    told = {"description": description} if description else {}
    return {
        **told,
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def _told(schema: Schema, description: str, **more: Any) -> Schema:
    return {**schema, **more, "description": description}


SLUG: Final = {
    "title": "a name of small letters, digits and `-`, at most 64 characters",
    "type": "string",
    "pattern": "^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$",
}
TEXT: Final = {"type": "string", "maxLength": 4000}
NAMES: Final = {"type": "array", "items": {"type": "string", "minLength": 1}, "uniqueItems": True}
# The patterns say what `quantities` reads, so that an editor knows it too.
DURATION: Final = {
    "title": "a duration, such as 500ms, 10s or 2m",
    "type": ["string", "number"],
    "minimum": 0,
    "pattern": r"^\s*[0-9]+(\.[0-9]+)?\s*([mM]?[sS]|[mMhH])?\s*$",
}
AMOUNT: Final = {
    "title": "a size, such as 512MB or 1GiB",
    "type": ["string", "number"],
    "minimum": 0,
    "pattern": r"^\s*[0-9]+(\.[0-9]+)?\s*([kKmMgG]?[iI]?[bB]?)?\s*$",
}
SHARE: Final = {
    "title": "a share of processors, such as 0.5 or 500m",
    "type": ["string", "number"],
    "minimum": 0,
    "pattern": r"^\s*[0-9]+(\.[0-9]+)?\s*[mM]?\s*$",
}
REPLICAS: Final = {"type": "integer", "minimum": 1, "maximum": 32}

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
        "required": _told({"type": "boolean"}, "Every caller must say that it knows it."),
        "params": {"type": "object"},
    },
    required=("uri",),
)
CARD: Final = _object(
    {
        "provider": _object({"url": TEXT, "organization": TEXT}, ("url", "organization")),
        "documentationUrl": TEXT,
        "iconUrl": TEXT,
        "defaultInputModes": _told(NAMES, "Media types that it takes."),
        "defaultOutputModes": _told(NAMES, "Media types that it answers with."),
        "capabilities": _object(
            {
                "streaming": {"type": "boolean", "default": True},
                "pushNotifications": {"type": "boolean", "default": True},
                "extensions": {"type": "array", "items": EXTENSION},
            },
            description="What it says it can do; what it says it cannot is refused.",
        ),
        "extended": _told({"type": "object"}, "What only authenticated callers see."),
    },
    description="More of its A2A card; the rest of it is AgentX's word.",
)
AGENT: Final = _object(
    {
        "slug": _told(SLUG, "Its address: /a2a/<slug>/."),
        "name": _told(TEXT, "As people see it; the slug when it is not given."),
        "description": _told(TEXT, "One sentence; the plugin's when it is not given."),
        "version": _told(TEXT, "The plugin's when it is not given."),
        "capabilities": _told(NAMES, "Words that callers search for; the plugin's by default."),
        "skills": {"type": "array", "items": SKILL, "description": "A2A skills."},
        "config": _told({"type": "object"}, "The agent's own configuration."),
        "card": CARD,
        "direct_messages": _told(
            {"type": "boolean", "default": False}, "It may answer with a message, not a task."
        ),
        "retry": _told(
            {"enum": ["never", "undelivered", "always"], "default": "undelivered"},
            "What may be sent again when a process dies: only what no process has got, or always.",
        ),
    },
    required=("slug",),
)
METADATA: Final = _object(
    {
        "name": _told(SLUG, "The plugin's name."),
        "version": _told(
            {"type": "string", "minLength": 1, "maxLength": 64}, "The release, in quotes: '1.0'."
        ),
        "description": _told(TEXT, "One sentence."),
        "author": TEXT,
        "license": _told(TEXT, "An SPDX identifier, such as Apache-2.0."),
        "homepage": TEXT,
        "tags": NAMES,
    },
    required=("name", "version"),
    description="What it is.",
)
RUNTIME: Final = _object(
    {
        "language": _told(
            {"type": "string"}, "python or node; any other needs an executable.",
            examples=["python", "node"],
        ),
        "executable": _told(
            {"type": "string", "minLength": 1},
            "What runs it: below the plugin's folder, or a name in PATH; by the language when not given.",
        ),
        "entrypoint": _told(
            {"type": "string", "minLength": 1}, "The program, below the plugin's folder."
        ),
        "args": _told({"type": "array", "items": {"type": "string"}}, "Further arguments."),
        "grpc_port": _told(
            {"type": "integer", "minimum": -1, "maximum": 65535, "default": 0},
            "0: a unix socket; a port, or -1 for any free one: TCP on this machine, with mutual TLS.",
        ),
        "contracts": _told(
            {"type": "array", "items": {"type": "integer"}, "minItems": 1},
            "Versions of the plugin contract that it speaks; refused before it is installed when none will do.",
        ),
        "health_check_interval": _told(DURATION, "The same as health_check.interval."),
        "startup_timeout": _told(
            DURATION, "Until its handshake and first health check.", default="10s"
        ),
        "shutdown_timeout": _told(
            DURATION, "How long running messages may go on when it is stopped.", default="5s"
        ),
    },
    description="How it is started.",
)  # fmt: skip
AUTOSCALE: Final = _object(
    {
        "minimum": _told(REPLICAS, "Processes at least.", default=1),
        "maximum": _told(REPLICAS, "Processes at most.", default=4),
        "target_in_flight": _told(
            {"type": "number", "exclusiveMinimum": 0, "default": 4},
            "Messages that one process should work on at once.",
        ),
        "cooldown": _told(
            DURATION, "How long the highest wish holds before it scales down.", default="30s"
        ),
    },
    description="Lets AgentX choose the number of processes.",
)
DEPENDENCY: Final = _object(
    {
        "name": _told(TEXT, "A plugin that must be installed."),
        "version": _told(TEXT, "A range, such as >=1.2,<2 or ^1.2; any when it is not given."),
        "optional": {"type": "boolean", "default": False},
    },
    required=("name",),
)
HEALTH_CHECK: Final = _object(
    {
        "enabled": _told(
            {"type": "boolean", "default": True},
            "false: a process that does not answer is shown as degraded, and not replaced.",
        ),
        "endpoint": _told(TEXT, "Kept, without effect: health is asked over gRPC."),
        "interval": _told(DURATION, "How often an answer is expected.", default="3s"),
        "timeout": _told(DURATION, "How long an answer may take; 2.5s at most.", default="2.5s"),
        "retries": _told(
            {"type": "integer", "minimum": 1, "maximum": 100, "default": 3},
            "So many answers may be missing; at the next one the process is replaced.",
        ),
    },
    description="When a process that does not answer is replaced.",
)
LOGGING: Final = _object(
    {
        "level": _told(
            {"enum": ["debug", "info", "warning", "error", "critical"], "default": "info"},
            "Lines below this level are not kept.",
        ),
        "format": _told({"enum": ["json", "text"]}, "Kept, without effect: both are read."),
        "max_bytes_per_second": _told(
            AMOUNT, "A process that writes more loses lines, and is told so.", default="1MiB"
        ),
    },
    description="What it writes to standard error.",
)
NETWORK: Final = _object(
    {
        "policy": _told(
            {"enum": ["none", "loopback", "hosts", "all"], "default": "all"},
            "Whom its processes may talk to.",
        ),
        "hosts": _told(
            NAMES, "For `hosts`: names, with or without a port; a leading `*.` takes subdomains."
        ),
    },
    required=("policy",),
    description="What of the network it may use, as far as the machine can enforce it.",
)
ENVIRONMENT: Final = {
    "description": "Variables for the process. ${NAME} and ${NAME:-default} take from AgentX's own environment "
    "what AGENTX_PLUGIN_ENVIRONMENT allows.",
    "type": "object",
    "propertyNames": {"pattern": "^[A-Za-z_][A-Za-z0-9_]*$"},
    "additionalProperties": {"type": ["string", "number", "boolean"]},
}
KINDS: Final = (
    "llm", "tool", "storage", "memory", "vector_db", "communication", "monitor", "skill", "framework", "custom",
)  # fmt: skip

MANIFEST: Final[Schema] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "AgentX plugin.yaml",
    **_object(
        {
            "metadata": METADATA,
            "kind": _told({"enum": list(KINDS), "default": "custom"}, "What sort of plugin it is."),
            "priority": _told(
                {"enum": ["low", "normal", "high", "critical"], "default": "normal"},
                "Who starts first, and whose processes the machine spares last.",
            ),
            "trust": _told(
                {"enum": ["public", "verified", "trusted", "internal"], "default": "internal"},
                "As far as its author would go; a package gets what its signature and review earn.",
            ),
            "reload": _told(
                {"enum": ["immediate", "debounced", "manual", "on_idle"], "default": "debounced"},
                "When its processes take up a new release.",
            ),
            "framework": _told(TEXT, "Such as langgraph: shown, and a filter.", default="custom"),
            "capabilities": _told(NAMES, "Words that callers search for."),
            "runtime": RUNTIME,
            "requirements": _told(
                {"type": "string"}, "A file in its folder with the Python packages it needs."
            ),
            "environment": ENVIRONMENT,
            "resources": _object(
                {
                    "memory_limit": _told(AMOUNT, "A process that grows beyond it is replaced."),
                    "cpu_limit": _told(SHARE, "How much of the processors one process may use."),
                    "disk_limit": _told(AMOUNT, "What its work folder may hold."),
                },
                description="What one process may use.",
            ),
            "dependencies": {
                "type": "array",
                "items": DEPENDENCY,
                "description": "Plugins that must be installed, and start first.",
            },
            "agents": {
                "type": "array",
                "items": AGENT,
                "minItems": 1,
                "description": "What it hosts from the start.",
            },
            "replicas": _told(
                {**REPLICAS, "minimum": 0},
                "Processes at the first start; 0: they run on other machines and call home.",
                default=1,
            ),
            "autostart": _told(
                {"type": "boolean", "default": True}, "A bundled plugin starts when first seen."
            ),
            "autoscale": AUTOSCALE,
            "config_schema": _told(
                {"type": "object"}, "JSON Schema that its configuration must fit."
            ),
            "config": _told({"type": "object"}, "Its configuration until somebody changes it."),
            "agent_schema": _told(
                {"type": "object"}, "JSON Schema that the configuration of each agent must fit."
            ),
            "conversation_memory": _told(
                {"type": "boolean", "default": False},
                "AgentX keeps what its agents remember of each conversation, and sends one turn at a time.",
            ),
            "needs_model": _told(
                {"type": "boolean", "default": False},
                "What `model` of its configuration leaves out is AgentX's default model.",
            ),
            "health_check": HEALTH_CHECK,
            "logging": LOGGING,
            "network": NETWORK,
            "standby": _told(
                {"type": "integer", "minimum": 0, "maximum": 4, "default": 0},
                "Warm processes beside the replicas, that take the place of one that ends.",
            ),
        },
        required=("metadata", "runtime", "agents"),
    ),
}
