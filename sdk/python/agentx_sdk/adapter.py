"""What an author fills in."""

import asyncio
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

from agentx_sdk.errors import UnknownTool
from agentx_sdk.state import State, StateEntry
from agentx_sdk.tool import as_tool, tools_of
from agentx_sdk.turn import Agent, Turn


@dataclass
class Model:
    """A model that agents of this plugin can use."""

    id: str
    name: str = ""
    provider: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)


class Adapter:
    """A plugin. Only `process` must be written.

    Every hook may be a coroutine or a plain function; a plain `process`, `initialize` or tool runs
    in a thread, since it may take its time. Hooks are called in this order: `initialize`,
    `create_agent` for each agent, then any, `shutdown` last.
    """

    name = ""  # the plugin's slug when empty
    version = "0.1.0"
    framework = "custom"
    capabilities: Sequence[str] = ()
    input_modes: Sequence[str] = ("text/plain",)
    output_modes: Sequence[str] = ("text/plain",)
    skills: Sequence[dict[str, Any]] = ()  # as an A2A card lists them
    secret_fields: Sequence[str] = ()  # configuration keys never shown, besides the obvious ones

    # A dataclass, TypedDict, plain class with annotations or pydantic model: what the plugin's and
    # what an agent's configuration must be. Without one, a configuration is a dict of anything.
    Config: Any = None
    AgentConfig: Any = None
    config: Any = MappingProxyType({})  # the plugin's configuration that is in force

    @cached_property
    def state(self) -> State:
        """What a process that takes this one's place gets to know: `self.state["key"] = value`.

        JSON values, at most a MiB each and 64 MiB together. Not a store: it ends with the process.
        """
        return State()

    def process(self, turn: Turn) -> Any:
        """Answer one message.

        Return a string, a dict (a data part), `Reply`, `Artifact`, `Message`, `InputRequired`; or
        be a generator and yield strings (pieces of the reply), `Artifact`, `Status`,
        `InputRequired`. Raise `TaskFailed` or `TaskRejected` to end the task otherwise.
        """
        raise NotImplementedError(f"{type(self).__name__} must define process(turn)")

    def initialize(self, config: Any) -> Any:
        """Get ready: `config` is the plugin's configuration. Raise `ConfigError` to refuse it."""

    def create_agent(self, agent: Agent) -> Any:
        """Take in an agent, or its new configuration. Raise `ConfigError` to refuse it."""

    def card(self, agent: Agent) -> Any:
        """What the agent's A2A card says beyond its manifest, such as `capabilities` or `provider`.

        Asked once a process is ready; new configuration that changes it is a new version of the card.
        """
        return {}

    def delete_agent(self, agent: Agent) -> Any:
        """Let an agent go."""

    def validate_config(self, config: Any, agent: Agent | None) -> Any:
        """Look at a configuration, of the plugin or of one agent, and change nothing.

        Raise `ConfigError` to refuse it. Asked before an operator's change is taken, and before
        `initialize`, `create_agent` and `update_config`.
        """

    def update_config(self, config: Any, agent: Agent | None) -> Any:
        """Take new configuration, of the plugin or of one agent, while running.

        Return True when it is in force only after a restart. Raise `ConfigError` to refuse it.
        Unless you write it: an agent is given to `create_agent` again, and a plugin that made
        something of its configuration in `initialize` asks for a restart.
        """
        return agent is None and self.writes("initialize")

    def save_state(self, changed_since: int) -> Any:
        """What must not be forgotten: `StateEntry`s with a version above `changed_since`.

        Asked while messages still run (0: everything), and again when they are done.
        """
        return self.state.changes(changed_since) if self._has_state() else ()

    def load_state(self, entries: Sequence[StateEntry]) -> Any:
        """Take what another process saved, over what is here. Asked up to twice."""
        if entries and "state" in vars(self) and not self._has_state():
            raise TypeError("self.state is the adapter's own: write save_state and load_state")
        self.state.load(entries)

    def health(self) -> Any:
        """Return None when well, else one sentence that says what is wrong."""

    def models(self, agent: Agent | None) -> Any:
        """The models that can be used: a sequence of `Model` or of ids."""
        return ()

    def tools(self, agent: Agent | None) -> Any:
        """The tools that can be called from outside: a sequence of `Tool` or of functions.

        Unless you write it: the methods that `@tool` stands above.
        """
        return tools_of(self)

    async def execute_tool(self, name: str, arguments: dict[str, Any], agent: Agent | None) -> Any:
        """Run a tool; the result is any JSON value."""
        for tool in map(as_tool, await settle(self.tools, agent)):
            if tool.name == name:
                return await tool.call(arguments, agent)
        raise UnknownTool(f"no tool {name!r}")

    def shutdown(self) -> Any:
        """Clean up: no message is running any more."""

    def takes_config_live(self) -> bool:
        """Whether `update_config` can take the plugin's configuration without a restart."""
        return self.writes("update_config") or not self.writes("initialize")

    def keeps_state(self) -> bool:
        """Whether there is, or may be, something to save."""
        return self._has_state() or self.writes("save_state", "load_state")

    def _has_state(self) -> bool:
        return isinstance(vars(self).get("state"), State)

    def writes(self, *hooks: str) -> bool:
        """Whether the author wrote one of these hooks."""
        return any(getattr(type(self), hook) is not getattr(Adapter, hook) for hook in hooks)


async def settle_slowly(hook: Callable[..., Any], *args: Any) -> Any:
    """The same for a hook that may take long: a plain one runs in a thread."""
    if inspect.iscoroutinefunction(hook):
        return await hook(*args)
    result = await asyncio.to_thread(hook, *args)
    return await result if hasattr(result, "__await__") else result


async def settle(hook: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """What a hook gives, whether it is a coroutine function or a plain one."""
    result = hook(*args, **kwargs)
    return await result if hasattr(result, "__await__") else result
