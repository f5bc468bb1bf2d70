"""What an adapter raises.

Exception
├── TaskFailed       the turn failed, for a reason the caller may read
├── TaskRejected     the agent will not do this
├── UnknownAgent     the plugin does not host that agent
├── UnknownTool      no tool of that name
└── ConfigError      the configuration cannot be used, field by field
"""

from collections.abc import Mapping
from typing import Any


class TaskFailed(Exception):
    """End the task as failed. `reason` is shown to the caller, `code` and `metadata` are for programs."""

    def __init__(
        self, reason: str, code: str = "task_failed", metadata: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code
        self.metadata = dict(metadata or {})


class TaskRejected(Exception):
    """End the task as rejected: the agent understood and will not do it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class UnknownAgent(LookupError):
    """The plugin does not host that agent; the caller gets NOT_FOUND."""


class UnknownTool(LookupError):
    """The plugin has no tool of that name; the caller gets NOT_FOUND."""


class ConfigError(ValueError):
    """A configuration that cannot be used. `fields` maps a dotted path to what is wrong there."""

    def __init__(self, message: str, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.fields = dict(fields or {})
