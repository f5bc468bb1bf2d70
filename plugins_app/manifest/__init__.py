"""plugin.yaml, read and checked. Pure: a mapping in, frozen dataclasses out."""

from plugins_app.manifest.building import config_problems, parse
from plugins_app.manifest.shapes import (
    INTERPRETERS,
    LOG_BYTES_PER_SECOND,
    PRIORITIES,
    PYTHON,
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
from plugins_app.manifest.text import FILE_NAME, MAX_BYTES, load, read

__all__ = [
    "FILE_NAME",
    "INTERPRETERS",
    "LOG_BYTES_PER_SECOND",
    "MAX_BYTES",
    "PRIORITIES",
    "PYTHON",
    "AgentEntry",
    "Autoscale",
    "Dependency",
    "HealthCheck",
    "Logging",
    "Manifest",
    "Network",
    "Resources",
    "Runtime",
    "config_problems",
    "load",
    "parse",
    "read",
]
