"""An adapter around a framework: agents from configuration, one turn at a time per conversation."""

import asyncio
import inspect
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Any
from weakref import WeakValueDictionary

from agentx_sdk.adapter import Adapter, settle
from agentx_sdk.errors import ConfigError
from agentx_sdk.llm import models, own_code
from agentx_sdk.llm.config import AgentConfig, ModelConfig, PluginConfig, ToolConfig
from agentx_sdk.llm.exchange import Exchange
from agentx_sdk.llm.remote import Remote
from agentx_sdk.llm.threads import in_thread
from agentx_sdk.llm.tools import AgentTool, tools_of
from agentx_sdk.tool import Tool
from agentx_sdk.turn import Agent, Turn

# They write a line for each request to a model: a millisecond a turn, and nothing that a task does not tell.
TALKATIVE = ("httpx", "httpx2", "httpcore", "openai")


@dataclass(eq=False)
class Made:
    """An agent as its framework has it, while it is in use."""

    native: Any
    tools: list[AgentTool]
    turns: int = 0
    replaced: bool = False


class LLMAdapter(Adapter):
    """Write `build` and `converse`; `connect` makes one client for each model.

    What a turn yields is what `Adapter.process` may yield, and `ToolCall`, `ToolResult`, `Usage`. Tools
    are shown by themselves when they are called. Words and tools of the turn are kept in the
    conversation's memory, unless the framework keeps its own there (`keeps_own_memory`; for one turn
    `exchange.keeps_words`).
    """

    Config: Any = PluginConfig
    AgentConfig: Any = AgentConfig
    keeps_own_memory = False
    config: PluginConfig

    def __init__(self) -> None:
        self._made: dict[str, Made] = {}
        self._clients: dict[ModelConfig, Any] = {}
        self._order: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()
        self.remote = Remote()
        for name in TALKATIVE:
            logging.getLogger(name).setLevel(logging.WARNING)

    # ---- What a plugin writes

    def connect(self, model: ModelConfig) -> Any:
        """A client of the model in the framework's form; made once and shared by all turns. May be a coroutine."""
        raise NotImplementedError(f"{type(self).__name__} must define connect(model)")

    def build(self, agent: Agent, tools: Sequence[AgentTool]) -> Any:
        """The agent in the framework's form, shared by all its turns. Raises `ConfigError`. May be a coroutine."""
        raise NotImplementedError(f"{type(self).__name__} must define build(agent, tools)")

    def converse(self, native: Any, exchange: Exchange) -> AsyncIterator[Any]:
        """One turn, by what `build` returned: an async generator."""
        raise NotImplementedError(f"{type(self).__name__} must define converse(native, exchange)")

    def release(self, native: Any) -> Any:
        """Let go of what `build` returned: no turn uses it any more."""

    def disconnect(self, client: Any) -> Any:
        """Let go of what `connect` returned."""

    # ---- What it may use

    def model(self, told: str | ModelConfig = "", path: str = "model") -> ModelConfig:
        """The whole model of an agent or a member. Raises `ConfigError`."""
        return models.resolved(told, self.config, path)

    async def client(self, model: ModelConfig) -> Any:
        """The one client of a model: a new one a turn costs tens of milliseconds (a TLS context each)."""
        if model not in self._clients:
            self._clients[model] = await settle(self.connect, model)
        return self._clients[model]

    async def offered_client(self, told: str | ModelConfig) -> Any:
        """What own code is offered: none where no model is set, which an application with its own does not mind.

        Raises `ConfigError` for a model that is named and cannot be used.
        """
        try:
            return await self.client(self.model(told))
        except ConfigError:
            if told:
                raise
            return None

    async def toolbox(
        self, told: Sequence[str | ToolConfig], spec: AgentConfig, path: str = "tools"
    ) -> list[AgentTool]:
        """The tools that a member of a team names, within the agent's limits. Raises `ConfigError`.

        In a thread: an author's module may take its time to be imported, or for ever.
        """
        found: list[AgentTool] = await in_thread(tools_of, told, spec.limits, self.folders, path)
        return found

    async def own(self, told: str, path: str = "code", **offered: Any) -> Any:
        """The author's own object that `told` names; a function is called with those of `offered` it asks for.

        Raises `ConfigError` when it cannot be imported or made.
        """
        found = await in_thread(own_code.loaded, told, self.folders, path)
        try:
            made = own_code.made(found, **offered)
            return await made if inspect.isawaitable(made) else made
        except Exception as error:
            why = f"{told} failed: {type(error).__name__}: {error}"[:500]
            raise ConfigError(why, {path: why}) from error

    async def function(self, told: str, path: str) -> Callable[..., Any]:
        """The author's own function that `told` names. Raises `ConfigError`."""
        found = await in_thread(own_code.loaded, told, self.folders, path)
        if not callable(found):
            raise ConfigError(f"{told} is not a function", {path: "is not a function"})
        function: Callable[..., Any] = found
        return function

    @property
    def folders(self) -> list[str]:
        """Where own code is looked for besides the plugin's own folder."""
        return list(self.config.code_folders)

    # ---- Hooks of the contract

    async def create_agent(self, agent: Agent) -> None:
        spec: AgentConfig = agent.config
        tools = await self.toolbox(spec.tools, spec)
        made = Made(await settle(self.build, agent, tools), tools)
        before, self._made[agent.id] = self._made.get(agent.id), made
        if before is not None:
            await self._retire(before)

    async def delete_agent(self, agent: Agent) -> None:
        made = self._made.pop(agent.id, None)
        if made is not None:
            await self._retire(made)

    async def update_config(self, config: Any, agent: Agent | None) -> bool:
        """An agent is built again, and its conversations go on; a plugin's models are everybody's: restart."""
        if agent is None:
            return True
        before = agent.config, agent.raw
        agent.config = config
        try:
            await self.create_agent(agent)
        except BaseException:
            agent.config, agent.raw = before
            raise
        return False

    async def process(self, turn: Turn) -> AsyncIterator[Any]:
        async with self._its_turn(turn), self._in_use(turn) as made:
            exchange = Exchange(turn, turn.config, self.remote)
            exchange.keeps_words = not self.keeps_own_memory
            async with aclosing(exchange.run(self.converse(made.native, exchange))) as items:
                async for item in items:
                    if _ends(item) and exchange.keeps_words:
                        exchange.remember()
                    yield item
            if exchange.keeps_words:
                exchange.remember()

    def models(self, agent: Agent | None) -> Any:
        return models.listed(self.config)

    def tools(self, agent: Agent | None) -> list[Tool]:
        made = self._made.get(agent.id) if agent is not None else None
        return [each.tool for each in made.tools] if made is not None else []

    def takes_config_live(self) -> bool:
        return False

    async def shutdown(self) -> None:
        for made in self._made.values():
            await settle(self.release, made.native)
        for client in self._clients.values():
            await settle(self.disconnect, client)
        await self.remote.close()

    # ---- Turns

    @asynccontextmanager
    async def _its_turn(self, turn: Turn) -> AsyncIterator[None]:
        """One at a time of a conversation: frameworks lose or mix what comes at once."""
        key = (turn.agent.id, turn.context_id)
        lock = self._order.setdefault(key, asyncio.Lock())
        async with lock:
            yield

    @asynccontextmanager
    async def _in_use(self, turn: Turn) -> AsyncIterator[Made]:
        made = self._made.get(turn.agent.id)
        if made is None:
            raise ConfigError(f"the agent {turn.agent.id} was not built")
        made.turns += 1
        try:
            yield made
        finally:
            made.turns -= 1
            if made.replaced and not made.turns:
                await settle(self.release, made.native)

    async def _retire(self, made: Made) -> None:
        """Turns that run keep what they began with."""
        made.replaced = True
        if not made.turns:
            await settle(self.release, made.native)


def _ends(item: Any) -> bool:
    return getattr(item, "state", "working") not in ("working", "submitted")
