"""What the process knows while it runs: its agents, its configuration, whether it takes messages."""

import re
from collections.abc import Iterable
from typing import Any

from agentx_sdk.adapter import Adapter
from agentx_sdk.errors import UnknownAgent
from agentx_sdk.load import Load
from agentx_sdk.turn import Agent

SECRET_NAME = re.compile(r"(key|token|secret|password|credential)s?$", re.IGNORECASE)
REDACTED = "********"


class Hosting:
    """The state shared by every call of one plugin process."""

    def __init__(self, adapter: Adapter, plugin: str, contract: int) -> None:
        self.adapter = adapter
        self.plugin = adapter.name or plugin
        self.contract = contract
        self.agents: dict[str, Agent] = {}
        self.config: dict[str, Any] = {}
        self.load = Load()
        self.initialized = False
        self.draining = False

    def agent(self, slug: str) -> Agent:
        """The agent of that name; raises UnknownAgent."""
        agent = self.agents.get(slug)
        if agent is None:
            raise UnknownAgent(f"plugin {self.plugin!r} hosts no agent {slug!r}")
        return agent

    @property
    def ready(self) -> bool:
        """Whether messages may come."""
        return self.initialized and not self.draining


def redact(value: Any, also: Iterable[str] = ()) -> Any:
    """A copy of a configuration in which secrets show only that they are set."""
    hidden = set(also)
    if isinstance(value, dict):
        return {
            key: REDACTED if _is_secret(key, item, hidden) else redact(item, hidden)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [redact(item, hidden) for item in value]
    return value


def _is_secret(key: str, value: Any, hidden: set[str]) -> bool:
    if key in hidden:
        return bool(value)
    # A number is none: `max_tokens` is a setting that operators must see.
    is_number = isinstance(value, (int, float))
    return bool(value) and not is_number and SECRET_NAME.search(key) is not None
