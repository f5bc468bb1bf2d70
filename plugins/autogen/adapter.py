"""AutoGen's assistants and teams as agents of AgentX."""

import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from agentx_sdk import Agent, ConfigError, InputRequired, Reply
from agentx_sdk.llm import AgentTool, Exchange, LLMAdapter, ModelConfig, own_code
from agentx_sdk.llm.messages import result_text
from autogen_agentchat.messages import BaseChatMessage, HandoffMessage
from autogen_agentchat.teams import Swarm
from clients import Client, Watch, watching
from config import AgentConfig as Spec
from config import PluginConfig, TeamConfig
from convert import to_native
from members import AssistantRecipe, Person, PersonRecipe, Recipe
from memory import Asked, keep, recalled
from own import Own
from running import Followed, answer_of, events, message_of
from teams import TeamRecipe, check, code_of
from tools import USER, NativeTool, handoff

NAME = "assistant"
# What fails is raised to us, and told once; AutoGen logs a traceback for each member that hears of it.
logging.getLogger("autogen_core").setLevel(logging.CRITICAL)


class Plugin(LLMAdapter):
    """AutoGen AgentChat."""

    name = "autogen"
    version = "1.0.0"
    framework = "autogen"
    capabilities = (
        "text",
        "images",
        "data",
        "streaming",
        "multi-turn",
        "tools",
        "multi-agent",
        "approvals",
        "structured-output",
    )
    input_modes = ("text/plain", "application/json", "image/*")
    output_modes = ("text/plain", "application/json")
    Config = PluginConfig
    AgentConfig = Spec

    def connect(self, model: ModelConfig) -> Client:
        return Client(model)

    async def disconnect(self, client: Client) -> None:
        await client.close()

    # ---- From configuration

    async def build(self, agent: Agent, tools: Sequence[AgentTool]) -> Any:
        spec: Spec = agent.config
        if spec.code:
            return await self._own(spec, tools)
        if spec.team is not None:
            return await self._team(spec, spec.team)
        return await self._single(spec, tools)

    async def _single(self, spec: Spec, tools: Sequence[AgentTool]) -> AssistantRecipe:
        client = await self.client(self.model(spec.model))
        return AssistantRecipe(
            NAME,
            client.shaped(spec.output_schema) if spec.output_schema else client,
            spec.instructions,
            spec.limits.max_steps,
            tools=[NativeTool(tool) for tool in tools],
            handoffs=[handoff(USER, "")] if spec.can_ask else [],
        )

    async def _team(self, spec: Spec, team: TeamConfig) -> TeamRecipe:
        check(team)
        members = [await self._member(spec, team, place) for place in range(len(team.members))]
        functions = {told: await self.function(told, path) for path, told in code_of(team).items()}
        decides = team.pattern in ("selector", "magentic_one")
        client = await self.client(self.model(team.model or spec.model)) if decides else None
        recipe = TeamRecipe(team, members, functions, client)
        try:
            await recipe.made().save_state()  # which makes everything that is made late
        except ValueError as error:
            raise ConfigError(f"no such team: {error}", {"team": str(error)}) from error
        return recipe

    async def _member(self, spec: Spec, team: TeamConfig, place: int) -> Recipe:
        member = team.members[place]
        if member.kind == "person":
            return PersonRecipe(member.name, member.description, member.instructions)
        path = f"team.members.{place}"
        client = await self.client(self.model(member.model or spec.model, f"{path}.model"))
        tools = await self.toolbox(member.tools, spec, f"{path}.tools")
        shaped = spec.output_schema and member.name == TeamRecipe(team, (), {}).answer_from
        return AssistantRecipe(
            member.name,
            client.shaped(spec.output_schema) if shaped else client,
            member.instructions,
            spec.limits.max_steps,
            member.description,
            [NativeTool(tool) for tool in tools],
            [handoff(to, _about(team, to)) for to in member.handoffs],
        )

    async def _own(self, spec: Spec, tools: Sequence[AgentTool]) -> Own:
        offered: Mapping[str, Any] = {
            "model": await self.client(self.model(spec.model)),
            "tools": [NativeTool(tool) for tool in tools],
            "config": spec,
            "person": Person,
        }
        made = await self.own(spec.code, **offered)
        return Own(spec.code, own_code.loaded(spec.code, self.folders), made, offered)

    # ---- A turn

    async def converse(self, native: Any, exchange: Exchange) -> AsyncIterator[Any]:
        watch = Watch()
        watching.set(watch)
        if isinstance(native, AssistantRecipe):
            turn = self._assistant_turn(native, exchange, watch)
        elif isinstance(native, TeamRecipe):
            turn = self._team_turn(native, exchange, watch)
        else:
            turn = self._own_turn(native, exchange, watch)
        async for item in turn:
            yield item

    async def _assistant_turn(
        self, recipe: AssistantRecipe, exchange: Exchange, watch: Watch
    ) -> AsyncIterator[Any]:
        vision = recipe.client.model_info["vision"]
        assistant = recipe.made(to_native(exchange.history, vision=vision))
        task = message_of(exchange.message.parts, USER, vision=vision, links=True)
        whole = bool(exchange.spec.output_schema)
        names = _tools_of(recipe)
        followed = Followed(exchange, names, None, whole=whole)
        async for event in events(assistant, task, watch):
            for item in followed.take(event):
                yield item
        for item in _end(followed, exchange, _asking(followed)):
            yield item

    async def _team_turn(
        self, recipe: TeamRecipe, exchange: Exchange, watch: Watch
    ) -> AsyncIterator[Any]:
        kept = recalled(exchange, recipe.shape)
        team = recipe.made()
        if kept.state is not None:
            await team.load_state(kept.state)
        names = {name for member in recipe.members for name in _tools_of(member)}
        whole = bool(exchange.spec.output_schema)
        followed = Followed(exchange, names, recipe.answer_from, whole=whole)
        swarm, fresh = recipe.team.pattern == "swarm", kept.state is None
        told = _team_task(exchange, kept.asking, swarm=swarm, fresh=fresh, vision=recipe.vision)
        async for event in events(team, told, watch):
            for item in followed.take(event):
                yield item
        asking = _asking(followed, kept.asking)
        keep(exchange, recipe.shape, await team.save_state(), asking)
        for item in _end(followed, exchange, asking):
            yield item

    async def _own_turn(self, own: Own, exchange: Exchange, watch: Watch) -> AsyncIterator[Any]:
        kept = recalled(exchange, own.shape)
        ours = {tool.name for tool in self.tools(exchange.turn.agent)}
        async with own.instance(kept.state) as runnable:
            alone = not hasattr(runnable, "reset")
            followed = Followed(exchange, ours, None if alone else "")
            swarm, fresh = isinstance(runnable, Swarm), kept.state is None
            told = _team_task(exchange, kept.asking, swarm=swarm, fresh=fresh, vision=True)
            async for event in events(runnable, told, watch):
                for item in followed.take(event):
                    yield item
            asking = _asking(followed, kept.asking)
            keep(exchange, own.shape, await runnable.save_state(), asking)
        if not watch.requests:
            for item in followed.usage(own.code):
                yield item
        for item in _end(followed, exchange, asking):
            yield item


def _tools_of(member: Recipe) -> set[str]:
    """Tools that show themselves, and handoffs, which are shown as what a member says."""
    if isinstance(member, PersonRecipe):
        return set()
    return {each.name for each in member.tools} | {each.name for each in member.handoffs}


def _about(team: TeamConfig, name: str) -> str:
    return next((each.description for each in team.members if each.name == name), "")


def _team_task(
    exchange: Exchange, asking: Sequence[Asked], *, swarm: bool, fresh: bool, vision: bool
) -> list[BaseChatMessage]:
    """The caller's message; before it what was said, to a team that does not know it."""
    if asking and swarm:
        text = exchange.message.text or result_text(exchange.answer)
        return [HandoffMessage(content=text, source=USER, target=asking[0].by)]
    source = asking[0].by if asking else USER
    before = exchange.history if fresh else []
    said = [
        message_of(each.parts, USER if each.role == "user" else NAME, vision=vision)
        for each in before
        if each.parts
    ]
    return [*said, message_of(exchange.message.parts, source, vision=vision)]


def _asking(followed: Followed, before: Sequence[Asked] = ()) -> list[Asked]:
    """What waits for the caller now: the first of it was answered by this turn's message."""
    new = [Asked(each.source, each.to_text()) for each in followed.asking]
    return [*before[1:], *new]


def _end(followed: Followed, exchange: Exchange, asking: Sequence[Asked]) -> list[Any]:
    """The answer, as far as it was not said yet, or the question."""
    if asking:
        return [InputRequired(asking[0].question)]
    if followed.answered:
        return []
    if followed.last is None:  # a flow whose edges lead nowhere says why it ended
        return [Reply(followed.stop_reason)]
    part = answer_of(followed.last, exchange.spec.output_schema)
    told = {"from": followed.last.source, "stop_reason": followed.stop_reason}
    return [Reply(part, metadata={"autogen": {key: value for key, value in told.items() if value}})]
