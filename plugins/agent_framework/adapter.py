"""Microsoft Agent Framework's agents and workflows as agents of AgentX."""

import inspect
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import checkpoints
import sessions
from agent_framework import (
    Agent,
    AgentSession,
    Content,
    Message,
    SupportsAgentRun,
    Workflow,
    WorkflowConvergenceException,
    WorkflowException,
)
from agentx_sdk import Agent as Hosted
from agentx_sdk import ConfigError, Part, Reply, TaskFailed
from agentx_sdk.llm import (
    AgentTool,
    Exchange,
    LLMAdapter,
    MemberConfig,
    ModelConfig,
    in_thread,
    own_code,
)
from agentx_sdk.llm.answers import data_of, decided
from agentx_sdk.llm.failures import STEPS
from checkpoints import Newest, Waiting
from clients import ChatClient, ResponsesClient, connected, options_of
from config import AgentConfig as Spec
from config import Member, PluginConfig, WorkflowConfig
from convert import to_native
from own import ASSISTANT, OwnWorkflow, Single
from questions import goes_on, question_of, response_to, tool_question
from running import Followed, Tools, Words
from tools import native_tools
from workflows import WorkflowRecipe, check, code_of, needs_manager, shape_of

MANAGER = "manager"


class Plugin(LLMAdapter):
    """Microsoft Agent Framework."""

    name = "agent-framework"
    version = "1.0.0"
    framework = "agent-framework"
    capabilities = (
        "text",
        "images",
        "data",
        "streaming",
        "multi-turn",
        "tools",
        "workflows",
        "approvals",
        "structured-output",
    )
    input_modes = ("text/plain", "application/json", "image/*")
    output_modes = ("text/plain", "application/json")
    Config = PluginConfig
    AgentConfig = Spec

    def connect(self, model: ModelConfig) -> ChatClient | ResponsesClient:
        return connected(model)

    async def disconnect(self, client: ChatClient | ResponsesClient) -> None:
        await client.client.close()

    # ---- From configuration

    async def build(self, agent: Hosted, tools: Sequence[AgentTool]) -> Any:
        spec: Spec = agent.config
        if spec.code:
            return await self._own(spec, tools)
        if spec.workflow is not None:
            return await self._workflow(spec, spec.workflow)
        return await self._single(spec, tools)

    async def _single(self, spec: Spec, tools: Sequence[AgentTool]) -> Single:
        model = self.model(spec.model)
        made = Agent(
            await self.client(model),
            spec.instructions or None,
            id=ASSISTANT,
            name=ASSISTANT,
            tools=native_tools(tools, spec.approvals, "approvals"),
            default_options=options_of(model, spec.output_schema),
            middleware=await self._parts(spec.middleware, "middleware"),
            context_providers=await self._parts(spec.context_providers, "context_providers"),
        )
        return Single(made, frozenset(each.name for each in tools), bool(model.vision))

    async def _parts(self, told: Sequence[str], path: str) -> list[Any]:
        """An author's middleware or context providers: of a class an instance, anything else as it is."""
        found = [
            await in_thread(own_code.loaded, each, self.folders, f"{path}.{place}")
            for place, each in enumerate(told)
        ]
        try:
            return [each() if isinstance(each, type) else each for each in found]
        except Exception as error:
            why = f"cannot be made: {type(error).__name__}: {error}"[:500]
            raise ConfigError(why, {path: why}) from error

    async def _workflow(self, spec: Spec, told: WorkflowConfig) -> WorkflowRecipe:
        check(told)
        functions = {each: await self.function(each, path) for path, each in code_of(told).items()}
        agents = {
            member.name: await self._member(spec, told, member, f"workflow.members.{place}")
            for place, member in enumerate(told.members)
            if member.kind == "agent"
        }
        manager = await self._manager(spec, told) if needs_manager(told) else None
        most, shape = spec.limits.max_steps, shape_of(told)
        models = [self.model(each.model or spec.model) for each in told.members]
        vision = any(each.vision for each in models)
        recipe = WorkflowRecipe(told, agents, functions, most, vision, manager, shape)
        try:
            await recipe.made()
        except (ValueError, TypeError, WorkflowException) as error:
            raise ConfigError(f"no such workflow: {error}", {"workflow": str(error)}) from error
        return recipe

    async def _member(
        self, spec: Spec, workflow: WorkflowConfig, member: Member, path: str
    ) -> Agent:
        tools = await self.toolbox(member.tools, spec, f"{path}.tools")
        native = native_tools(tools, member.approvals, f"{path}.approvals")
        shape = spec.output_schema if _answers(workflow, member) else {}
        return await self._agent(spec, member, f"{path}.model", native, shape, workflow.pattern)

    async def _agent(
        self,
        spec: Spec,
        member: MemberConfig,
        path: str,
        tools: Sequence[Any] = (),
        schema: Mapping[str, Any] | None = None,
        pattern: str = "",
    ) -> Agent:
        model = self.model(member.model or spec.model, path)
        return Agent(
            await self.client(model),
            member.instructions or None,
            id=member.name,
            name=member.name,
            description=member.description or None,
            tools=list(tools),
            default_options=options_of(model, schema or {}),
            middleware=await self._parts(spec.middleware, "middleware"),
            require_per_service_call_history_persistence=pattern == "handoff",
        )

    async def _manager(self, spec: Spec, told: WorkflowConfig) -> Agent:
        about = MemberConfig(MANAGER, told.manager_instructions, model=told.model)
        return await self._agent(spec, about, "workflow.model")

    async def _own(self, spec: Spec, tools: Sequence[AgentTool]) -> Single | OwnWorkflow:
        model = self.model(spec.model)
        offered: Mapping[str, Any] = {
            "model": await self.client(model),
            "tools": native_tools(tools, spec.approvals, "approvals"),
            "config": spec,
        }
        made = await self.own(spec.code, **offered)
        found = own_code.loaded(spec.code, self.folders)
        if isinstance(made, Workflow) and inspect.isfunction(found):
            return OwnWorkflow(spec.code, found, offered, [made])
        if isinstance(made, Workflow):
            why = f"{spec.code} is a workflow, which keeps what it hears: name a function that builds it"
            raise ConfigError(why, {"code": why})
        if not isinstance(made, SupportsAgentRun):
            why = f"{spec.code} is no agent or workflow, but a {type(made).__name__}"
            raise ConfigError(why, {"code": why})
        names = frozenset(each.name for each in tools)
        return Single(made, names, bool(model.vision), is_own=True, shape=f"own {spec.code}")

    # ---- A turn

    def converse(self, native: Any, exchange: Exchange) -> AsyncIterator[Any]:
        if isinstance(native, Single):
            return self._agent_turn(native, exchange)
        return self._workflow_turn(native, exchange)

    async def _agent_turn(self, single: Single, exchange: Exchange) -> AsyncIterator[Any]:
        kept = sessions.recalled(exchange, single.shape)
        if kept is not None and kept.asked:
            kept.answers.append(decided(exchange.answer)[0])
            if kept.next is not None:
                sessions.keep(exchange, single.shape, kept)
                yield tool_question(kept.next).shown()
                return
        new = single.is_own and kept is not None  # its session knows the rest
        kept = kept or sessions.Kept(AgentSession())
        messages = [exchange.message] if new else exchange.messages
        said = _said(kept) or to_native(messages, vision=single.vision)
        tools, words = Tools(set(single.tools)), Words()
        schema = exchange.spec.output_schema
        stream = single.agent.run(said, stream=True, session=kept.session)
        async for update in stream:
            for shown in tools.shown(update.contents):
                yield shown
            if not schema and (text := words.of(update)):
                yield text
        response = await stream.get_final_response()
        kept.asked, kept.answers = _approvals(response.user_input_requests), []
        if kept.asked or single.is_own:
            sessions.keep(exchange, single.shape, kept)
        else:
            sessions.forget(exchange)
        if kept.next is not None:
            yield tool_question(kept.next).shown()
        elif schema:
            yield Reply(Part(data=data_of(response.text)))

    async def _workflow_turn(
        self, recipe: WorkflowRecipe | OwnWorkflow, exchange: Exchange
    ) -> AsyncIterator[Any]:
        waiting = checkpoints.recalled(exchange, recipe.shape)
        storage = Newest(waiting.checkpoint if waiting is not None else None)
        followed = Followed(exchange, whole=recipe.answers_whole)
        workflow = await recipe.made()
        kept_in = storage if recipe.can_wait else None
        told = _input(exchange, waiting, vision=recipe.vision)
        run = workflow.run(**told, checkpoint_storage=kept_in, stream=True)
        try:
            async for event in run:
                for item in followed.take(event):
                    yield item
        except WorkflowConvergenceException as error:
            why = "the workflow runs in circles: it took more steps than the agent's limit allows"
            raise TaskFailed(why, STEPS) from error
        for item in self._end(recipe.shape, exchange, storage, followed, waiting):
            yield item

    def _end(
        self,
        shape: str,
        exchange: Exchange,
        storage: Newest,
        followed: Followed,
        waiting: Waiting | None,
    ) -> list[Any]:
        """The question, with the workflow kept as it waits; else the answer."""
        pending = storage.checkpoint.pending_request_info_events if storage.checkpoint else {}
        before = [each for each in (waiting.order if waiting else ()) if each in pending]
        order = list(dict.fromkeys([*before, *pending]))
        if storage.checkpoint is None or not order:
            checkpoints.forget(exchange)
            return followed.end()
        first = pending[order[0]]
        task = "" if goes_on(first) else exchange.turn.task_id
        checkpoints.keep(exchange, shape, storage.checkpoint, order, task)
        if goes_on(first):
            return followed.end()
        return [question_of(first).shown()]


def _answers(workflow: WorkflowConfig, member: Member) -> bool:
    """Whether its words are the answer of a sequence."""
    return workflow.pattern == "sequential" and member is workflow.members[-1]


def _said(kept: sessions.Kept) -> list[Message]:
    """The caller's word about each tool that was asked for."""
    told = [
        asked.to_function_approval_response(approved)
        for asked, approved in zip(kept.asked, kept.answers, strict=True)
    ]
    return [Message("user", told)] if told else []


def _approvals(requests: Sequence[Content]) -> list[Content]:
    return [each for each in requests if each.type == "function_approval_request"]


def _input(exchange: Exchange, waiting: Waiting | None, *, vision: bool) -> dict[str, Any]:
    """A fresh run with what was said; or one that goes on with the answer to its first question."""
    if waiting is None:
        return {"message": to_native(exchange.messages, vision=vision)}
    first = waiting.events[0]
    if goes_on(first):
        response: Any = to_native([exchange.message], vision=vision)
    else:
        response = response_to(first, exchange.answer)
    return {
        "responses": {first.request_id: response},
        "checkpoint_id": waiting.checkpoint.checkpoint_id,
    }
