"""Orchestrations: several agents on one message, in a runtime that lives as long as the turn."""

import asyncio
import copy
import logging
import re
from collections.abc import Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from agents import Work
from agentx_sdk.errors import ConfigError, TaskFailed
from agentx_sdk.llm import ModelConfig
from agentx_sdk.llm.answers import ANSWER_SCHEMA, words_of_answer
from agentx_sdk.llm.failures import STEPS
from config import OrchestrationConfig
from pydantic import PrivateAttr
from running import Run, current_run
from semantic_kernel.agents import (
    Agent,
    ConcurrentOrchestration,
    GroupChatOrchestration,
    HandoffOrchestration,
    MagenticOrchestration,
    OrchestrationHandoffs,
    RoundRobinGroupChatManager,
    SequentialOrchestration,
    StandardMagenticManager,
)
from semantic_kernel.agents.orchestration.group_chat import BooleanResult, StringResult
from semantic_kernel.agents.orchestration.orchestration_base import OrchestrationBase
from semantic_kernel.agents.runtime import InProcessRuntime
from semantic_kernel.contents import (
    AuthorRole,
    ChatHistory,
    ChatMessageContent,
    FunctionCallContent,
    FunctionResultContent,
    StreamingChatMessageContent,
)
from service import Service, settings_of

Made = OrchestrationBase[Any, Any]
SUMMARY = "Task is completed with summary: "
NOBODY = "No handoff agent name provided"  # Semantic Kernel's summary of an answer that is one
DONE = "DONE"

# It tells of every failure with a traceback, and the turn tells of it too.
logging.getLogger("semantic_kernel.agents.runtime").setLevel(logging.CRITICAL)
logging.getLogger("in_process_runtime").setLevel(logging.CRITICAL)
logging.getLogger("in_process_runtime.events").setLevel(logging.CRITICAL)


class ModelManager(RoundRobinGroupChatManager):
    """Of a group chat: a model says who is next, or that it is done; whom nobody knows by name is the next in turn."""

    _service: Service = PrivateAttr()
    _model: ModelConfig = PrivateAttr()
    _instructions: str = PrivateAttr(default="")
    _members: list[str] = PrivateAttr(default_factory=list)
    _chosen: str = PrivateAttr(default="")

    async def should_terminate(self, chat_history: ChatHistory) -> BooleanResult:
        """After `max_rounds`, or when the model says so; never before somebody spoke."""
        over = await super().should_terminate(chat_history)
        if over.result:
            return over
        told = await self._ask(chat_history)
        places = {name: found.start() for name in self._members if (found := _named(name, told))}
        self._chosen = min(places, key=lambda name: places[name]) if places else ""
        spoke = any(each.role == AuthorRole.ASSISTANT for each in chat_history.messages)
        done = spoke and not places and _named(DONE, told) is not None
        return BooleanResult(result=done, reason="the manager says so" if done else "it goes on")

    async def select_next_agent(
        self, chat_history: ChatHistory, participant_descriptions: dict[str, str]
    ) -> StringResult:
        """Whom the model named."""
        if not self._chosen:
            return await super().select_next_agent(chat_history, participant_descriptions)
        return StringResult(result=self._chosen, reason="the manager says so")

    async def _ask(self, chat_history: ChatHistory) -> str:
        names = ", ".join(self._members)
        question = (
            f"You lead a conversation between {names}. {self._instructions}\n"
            f"Who speaks next? Answer with one name, or {DONE} when nothing is left to say."
        )
        history = ChatHistory(system_message=question)
        for message in chat_history.messages:
            history.add_user_message(f"{message.name or message.role.value}: {message.content}")
        told = await self._service.get_chat_message_contents(history, settings_of(self._model, {}))
        return str(told[0])


def _named(name: str, text: str) -> re.Match[str] | None:
    return re.search(rf"\b{re.escape(name)}\b", text, re.IGNORECASE)


def check(told: OrchestrationConfig) -> None:
    """Raises `ConfigError`."""
    names = [each.name for each in told.members]
    if not names:
        _refuse("members", "at least one is needed")
    for place, name in enumerate(names):
        if name in names[:place]:
            _refuse(f"members.{place}.name", f"{name!r} is there twice")
    if told.kind == "handoff" and len(names) == 1:
        _refuse("members", "a handoff needs two at least")
    for place, each in enumerate(told.handoffs):
        for end in ("source", "target"):
            if getattr(each, end) not in names:
                _refuse(f"handoffs.{place}.{end}", f"there is no member {getattr(each, end)!r}")


def made_by(
    told: OrchestrationConfig, members: Sequence[Agent], service: Service, model: ModelConfig
) -> Callable[[], Made]:
    """What makes the orchestration of a turn: managers keep count of one."""
    match told.kind:
        case "sequential":
            return lambda: SequentialOrchestration(members=list(members))
        case "concurrent":
            return lambda: ConcurrentOrchestration(members=list(members))
        case "group_chat":
            return lambda: GroupChatOrchestration(
                members=list(members), manager=_manager(told, service, model)
            )
        case "handoff":
            handoffs = _handoffs(told, members)
            asks = _ask_caller if told.asks else None
            return lambda: HandoffOrchestration(
                members=list(members), handoffs=handoffs, human_response_function=asks
            )
        case _:
            return lambda: MagenticOrchestration(
                members=list(members),
                manager=StandardMagenticManager(
                    chat_completion_service=service,
                    prompt_execution_settings=settings_of(model, {}),
                    max_round_count=told.max_rounds,
                ),
            )


def _manager(
    told: OrchestrationConfig, service: Service, model: ModelConfig
) -> RoundRobinGroupChatManager:
    if told.manager == "round_robin":
        return RoundRobinGroupChatManager(max_rounds=told.max_rounds)
    manager = ModelManager(max_rounds=told.max_rounds)
    manager._service, manager._model = service, model
    manager._instructions = told.manager_instructions
    manager._members = [each.name for each in told.members]
    return manager


def _handoffs(told: OrchestrationConfig, members: Sequence[Agent]) -> OrchestrationHandoffs:
    handoffs, by_name = OrchestrationHandoffs(), {each.name: each for each in members}
    for each in told.handoffs:
        about = each.description or by_name[each.target].description or ""
        handoffs._add(each.source, each.target, about)
    if not told.handoffs:
        for source in members:
            for target in members:
                if source is not target:
                    handoffs._add(source.name, target.name, target.description or "")
    return handoffs


async def _ask_caller() -> ChatMessageContent:
    run = current_run.get()
    if run is None:
        raise RuntimeError("there is nobody to ask: no turn is running")
    question = run.question or "What shall I do?"
    words = words_of_answer(await run.ask(question, ANSWER_SCHEMA))
    return ChatMessageContent(role=AuthorRole.USER, content=words)


def again(orchestration: Made) -> Callable[[], Made]:
    """Of an author's orchestration: one for each turn, with a manager of its own."""

    orchestration._set_types()  # its transforms, which copies have too, look there

    def make() -> Made:
        made = copy.copy(orchestration)
        if (manager := getattr(made, "_manager", None)) is not None:
            made._manager = manager.model_copy(deep=False)  # type: ignore[attr-defined]
        return made

    return make


def orchestrated(make: Callable[[], Made]) -> Work:
    """A turn of several agents."""

    async def work(run: Run, messages: list[ChatMessageContent], text: str) -> Any:
        return await Turn(make(), run).answer(messages)

    return work


class Turn:
    """One orchestration at work: what its agents say, and what comes of it."""

    def __init__(self, orchestration: Made, run: Run) -> None:
        self._run = run
        self._orchestration = orchestration
        is_sequence = isinstance(orchestration, SequentialOrchestration)
        self._speaker = orchestration._members[-1].name if is_sequence else None
        self._last = ""
        orchestration._agent_response_callback = self._heard
        orchestration._streaming_agent_response_callback = self._streamed

    async def answer(self, messages: list[ChatMessageContent]) -> str:
        """The words that the orchestration ends with."""
        task: Any = messages
        if isinstance(self._orchestration, MagenticOrchestration):  # which takes one message only
            task = _one(messages)
        async with _runtime() as runtime:
            result = await self._orchestration.invoke(task=task, runtime=runtime)
            try:
                value = await result.get()
            finally:
                if result.background_task is not None:
                    result.background_task.cancel()
        return self._words(value)

    def _words(self, value: Any) -> str:
        if isinstance(value, list):  # of all, who worked at the same time
            return "\n\n".join(f"{each.name}: {each.content}" for each in value)
        text = str(value.content if isinstance(value, ChatMessageContent) else value)
        if text.startswith(SUMMARY):
            text = text.removeprefix(SUMMARY)
            return self._last if text.startswith(NOBODY) else text
        if text.startswith("Maximum number of") or "limit has been reached" in text:
            raise TaskFailed(text, STEPS)
        return text

    def _streamed(self, piece: StreamingChatMessageContent, is_final: bool) -> None:
        if self._speaker is not None and piece.name == self._speaker and _is_words(piece):
            self._run.say(piece.content or "")

    def _heard(self, message: Any) -> None:
        for each in message if isinstance(message, list) else [message]:
            if each.content and _is_words(each):
                self._last = self._run.question = each.content
                if each.name != self._speaker:
                    self._run.exchange.member_said(each.name or "agent", each.content)


def _one(messages: list[ChatMessageContent]) -> ChatMessageContent:
    """The last message, and in its words what was said before."""
    *before, last = messages
    told = [f"{each.role.value}: {each.content}" for each in before if _is_words(each)]
    if not told:
        return last
    lines = ["What was said before:", *told, "", last.content]
    return ChatMessageContent(role=AuthorRole.USER, content="\n".join(lines))


def _is_words(message: ChatMessageContent) -> bool:
    kinds = (FunctionCallContent, FunctionResultContent)
    return message.role != AuthorRole.TOOL and not any(
        isinstance(item, kinds) for item in message.items
    )


@asynccontextmanager
async def _runtime() -> Any:
    """One for each turn: ended, it leaves nothing at work. Its own `stop` waits for what is at work."""
    runtime = InProcessRuntime()
    runtime.start()
    try:
        yield runtime
    finally:
        context = runtime._run_context
        tasks = [*runtime._background_tasks, *([context._run_task] if context else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _refuse(path: str, why: str) -> None:
    raise ConfigError(f"orchestration.{path}: {why}", {f"orchestration.{path}": why})
