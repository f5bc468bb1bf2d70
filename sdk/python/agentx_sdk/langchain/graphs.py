"""A compiled graph that answers turns: LangGraph's own, or an agent of LangChain, which is one."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, get_type_hints

from langchain_core.messages import RemoveMessage
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.errors import GraphRecursionError
from langgraph.pregel import Pregel
from langgraph.types import Command

from agentx_sdk.content import Artifact, Part
from agentx_sdk.errors import ConfigError, TaskFailed
from agentx_sdk.langchain import asking
from agentx_sdk.langchain.messages import to_native
from agentx_sdk.langchain.saver import ConversationSaver
from agentx_sdk.langchain.stream import MODES, Seen
from agentx_sdk.langchain.thread import Thread
from agentx_sdk.langchain.usage import Watch
from agentx_sdk.llm import failures
from agentx_sdk.llm.answers import data_of
from agentx_sdk.llm.exchange import Exchange

THREAD, WAITING = "thread", "waiting"  # in exchange.native
END = "__end__"
NO_CHECKPOINT = "checkpoint_not_found"
GRAPH_TYPE = "text/vnd.mermaid"


@dataclass(frozen=True)
class GraphOptions:
    """How a graph answers. Empty names are found in the graph itself.

    `reply_nodes`: whose words are the reply; `streams`: as they come. `data_key`: what of the state is the reply, as data.
    `as_json`: the last words are JSON, and the reply is that. `every_step`: a checkpoint for each step,
    not only for each turn. `begins_with`: what is put into the state besides the message.
    """

    reply_nodes: Collection[str] = ()
    streams: bool = True
    data_key: str = ""
    input_key: str = ""
    output_key: str = ""
    as_json: bool = False
    begins_with: Callable[[Exchange], dict[str, Any]] | None = None
    shows_history: bool = False
    every_step: bool = False
    checkpoints: int = 1
    checkpoint_bytes: int = 524_288
    recursion_limit: int | None = None
    vision: bool = True


class GraphAgent:
    """Shared by all turns of an agent. `shown`: names of tools that show themselves."""

    def __init__(
        self,
        graph: Any,
        saver: ConversationSaver,
        options: GraphOptions,
        shown: Collection[str] = (),
    ) -> None:
        self.graph: Pregel[Any, Any, Any, Any] = _with(saver, graph)
        self.saver = saver
        self.options = options
        self._shown = frozenset(shown)
        self._reply_nodes = options.reply_nodes or _leading_to_the_end(self.graph)
        self._inputs = _inputs(self.graph)
        self._takes_text = not self._inputs  # a function that is one task: `@entrypoint`

    async def converse(self, exchange: Exchange) -> AsyncIterator[Any]:
        """One turn: a message that begins it, or the answer to what the graph asked."""
        wish = exchange.turn.metadata
        thread = self._thread(exchange)
        thread_id = exchange.turn.context_id or exchange.turn.task_id
        with self.saver.holding(thread_id, thread):
            config = self._config(exchange, thread_id)
            if wish.get("show") and self.options.shows_history:
                yield await self._shown_to(str(wish["show"]), config)
                return
            questions = self._questions(exchange)
            try:
                given = self._given(exchange, thread, config, questions)
            except asking.Unclear as unclear:
                yield asking.asked(questions, str(unclear))
                return
            whole = self.options.data_key or self.options.output_key or self.options.as_json
            streams = self.options.streams and not whole
            seen = Seen(self._reply_nodes, self._shown, streams=streams)
            async with aclosing(self._run(given, config, seen)) as items:
                async for item in items:
                    yield item
            yield await self._end(exchange, thread, config, seen)

    def drawn(self) -> str:
        """The graph as Mermaid."""
        return self.graph.get_graph().draw_mermaid()

    # ---- The way through

    async def _run(
        self, given: Any, config: RunnableConfig, seen: Seen
    ) -> AsyncGenerator[Any, None]:
        durability: Any = "async" if self.options.every_step else "exit"
        streaming: AsyncIterator[Any] = self.graph.astream(
            given, config, stream_mode=MODES, subgraphs=True, durability=durability
        )
        try:
            async for ns, mode, data in streaming:
                for item in seen.items(ns, mode, data):
                    yield item
        except GraphRecursionError as error:
            steps = config["recursion_limit"]
            told = f"the graph did not come to an end within {steps} steps: does it go in a circle?"
            raise TaskFailed(told, failures.STEPS) from error

    async def _end(
        self, exchange: Exchange, thread: Thread, config: RunnableConfig, seen: Seen
    ) -> Any:
        """Keep the checkpoints; the question, or what is left of the reply."""
        kept = thread.kept(self.options.checkpoints, self.options.checkpoint_bytes)
        if seen.interrupts is None:
            self._forget_question(exchange, kept)
            return await self._rest(seen, config)
        before = await self._standing_before(config) if not seen.interrupts else ()
        questions = asking.questions_of(seen.interrupts, before)
        told = asking.to_json(questions)
        exchange.native[THREAD] = kept
        exchange.native[WAITING] = {"task": exchange.turn.task_id, "questions": told}
        return asking.asked(questions)

    def _forget_question(self, exchange: Exchange, kept: dict[str, Any]) -> None:
        exchange.native.pop(WAITING, None)
        if exchange.spec.memory.enabled:
            exchange.native[THREAD] = kept
        else:
            exchange.native.pop(THREAD, None)

    async def _rest(self, seen: Seen, config: RunnableConfig) -> Any:
        options = self.options
        if options.data_key and options.data_key in seen.state:
            return Part(data=_plain(seen.state[options.data_key]))
        if options.output_key:
            return _as_content(_found(await self._state(config), options.output_key))
        if options.as_json:
            return Part(data=data_of(seen.last_words()))
        if (text := seen.words.rest()) or seen.words.said:
            return text or None
        return seen.last_words() or await self._changed(seen, config)

    async def _changed(self, seen: Seen, config: RunnableConfig) -> Any:
        """Of a graph that has no messages: what it made of its state."""
        made = {name: value for name, value in seen.state.items() if name != "messages"}
        new = {name: value for name, value in made.items() if name not in self._inputs} or made
        if not self._takes_text:
            state = await self._state(config)
            new = {name: state.get(name, value) for name, value in new.items()}
        if len(new) == 1:
            return _as_content(next(iter(new.values())))
        return Part(data=_plain(new)) if new else None

    async def _state(self, config: RunnableConfig) -> dict[str, Any]:
        values = (await self.graph.aget_state(_newest(config))).values
        return values if isinstance(values, dict) else {}

    async def _standing_before(self, config: RunnableConfig) -> tuple[str, ...]:
        return (await self.graph.aget_state(_newest(config))).next

    # ---- What goes in

    def _thread(self, exchange: Exchange) -> Thread:
        kept = exchange.native.get(THREAD)
        remembers = exchange.spec.memory.enabled or self._questions(exchange)
        return Thread(kept if remembers else None)

    def _questions(self, exchange: Exchange) -> list[asking.Question]:
        """What this task waits for; an answer comes to the task that asked."""
        waiting = exchange.native.get(WAITING) or {}
        if waiting.get("task") != exchange.turn.task_id or exchange.turn.metadata.get("checkpoint"):
            return []
        return asking.from_json(waiting["questions"])

    def _config(self, exchange: Exchange, thread_id: str) -> RunnableConfig:
        limit = self.options.recursion_limit or self.graph.config.get("recursion_limit", 25)  # type: ignore[union-attr]
        return {
            "configurable": {"thread_id": thread_id},
            "callbacks": [Watch(exchange)],
            "recursion_limit": limit,
        }

    def _given(
        self,
        exchange: Exchange,
        thread: Thread,
        config: RunnableConfig,
        questions: list[asking.Question],
    ) -> Any:
        if questions:
            return self._resumed(questions, exchange.answer)
        if wanted := exchange.turn.metadata.get("checkpoint"):
            if thread.get("", str(wanted)) is None:
                raise TaskFailed(f"the conversation has no checkpoint {wanted}", NO_CHECKPOINT)
            config["configurable"]["checkpoint_id"] = str(wanted)
        return self._input(exchange, thread)

    def _resumed(self, questions: list[asking.Question], answer: Any) -> Any:
        found = asking.answers(questions, answer)
        if questions[0].kind != "step":
            return Command(resume=found)
        if not found[""]:
            raise TaskFailed("the caller did not let it go on", "not_approved")
        return None

    def _input(self, exchange: Exchange, thread: Thread) -> Any:
        """The state that the message begins with: its data by name, and its words."""
        if self._takes_text:
            return exchange.answer
        data = [part.data for part in exchange.turn.parts if part.kind == "data"]
        named = {k: v for each in data if isinstance(each, dict) for k, v in each.items()}
        given = {name: value for name, value in named.items() if name in self._inputs}
        if "messages" in self._inputs and "messages" not in given:
            said = to_native([exchange.message], vision=self.options.vision)
            given["messages"] = [*self._too_old(exchange, thread), *said]
        if (key := self._text_key()) and key not in given:
            given[key] = exchange.turn.text
        begun = self.options.begins_with(exchange) if self.options.begins_with else {}
        return {**begun, **given}

    def _text_key(self) -> str:
        if self.options.input_key or "messages" in self._inputs:
            return self.options.input_key
        texts = [name for name, kind in self._inputs.items() if kind is str]
        return texts[0] if texts else ""

    def _too_old(self, exchange: Exchange, thread: Thread) -> list[RemoveMessage]:
        """What the agent's memory has no room for any more, from the oldest on to a user's message."""
        kept, memory = thread.get(""), exchange.spec.memory
        places = kept.channels.get("messages") if kept is not None else None
        if not isinstance(places, list) or not _adds_up(self.graph):
            return []
        start, size = len(places), 0
        while start and len(places) - start < memory.max_messages - 1:
            size += thread.size(places[start - 1])
            if size > memory.max_bytes * 4 / 3:  # as they are encoded
                break
            start -= 1
        if not start:
            return []
        messages = self.saver.loaded(thread, places)
        while start < len(messages) and messages[start].type != "human":
            start += 1
        return [RemoveMessage(id=each.id) for each in messages[:start] if each.id]

    # ---- What it shows on request

    async def _shown_to(self, wish: str, config: RunnableConfig) -> Artifact:
        if wish == "graph":
            return Artifact(Part(text=self.drawn(), media_type=GRAPH_TYPE), name="graph")
        if wish == "checkpoints":
            found = [_told(each) async for each in self.graph.aget_state_history(config)]
            return Artifact(Part(data=found), name="checkpoints")
        raise TaskFailed(f"cannot show {wish!r}: graph, checkpoints", "unknown_wish")


def as_graph(found: Any, path: str = "code") -> Any:
    """A compiled graph, of a builder too. Raises `ConfigError` for anything else."""
    if hasattr(found, "compile") and not hasattr(found, "astream"):
        found = found.compile()
    if not isinstance(found, Pregel):
        why = f"is a {type(found).__name__}: a graph of LangGraph is needed, or a function that makes one"
        raise ConfigError(f"the code {why}", {path: why})
    return found


def _with(saver: ConversationSaver, graph: Any) -> Any:
    """Checkpoints go into the conversation's memory, unless the application has a store of its own."""
    if isinstance(graph.checkpointer, (type(None), bool, InMemorySaver)):
        return graph.copy({"checkpointer": saver})
    return graph


def _leading_to_the_end(graph: Any) -> frozenset[str]:
    """Nodes after which the graph may be done; middleware (`name.hook`) that stands between does not count."""
    edges = [(edge.source, edge.target) for edge in graph.get_graph().edges]
    found = {END}
    while more := {s for s, t in edges if t in found and (t == END or "." in t)} - found:
        found |= more
    return frozenset(name for name in found if name != END and "." not in name)


def _inputs(graph: Any) -> dict[str, Any]:
    """The keys of the state that a turn may begin with, and their types; none where it has no keys."""
    schema = getattr(getattr(graph, "builder", None), "input_schema", None)
    if schema is None:
        return {}
    try:
        return get_type_hints(schema)
    except (NameError, TypeError):  # names that only a type checker knows
        return dict.fromkeys(graph.builder.schemas.get(schema, ()), Any)


def _adds_up(graph: Any) -> bool:
    """Whether messages are removed by their ids, as LangGraph's own reducer does."""
    operator = getattr(graph.channels.get("messages"), "operator", None)
    return getattr(operator, "__name__", "") in ("add_messages", "_add_messages")


def _newest(config: RunnableConfig) -> RunnableConfig:
    """The same conversation, wherever the turn began."""
    return {"configurable": {"thread_id": config["configurable"]["thread_id"]}}


def _found(state: dict[str, Any], key: str) -> Any:
    """A key of the state, or of its `values`."""
    inner = state.get("values")
    return state.get(key) if key in state or not isinstance(inner, dict) else inner.get(key)


def _told(snapshot: Any) -> dict[str, Any]:
    """One checkpoint of the history."""
    told, parent = snapshot.metadata or {}, snapshot.parent_config or {}
    messages = (snapshot.values or {}).get("messages") if isinstance(snapshot.values, dict) else ()
    return {
        "id": snapshot.config["configurable"]["checkpoint_id"],
        "parent": parent.get("configurable", {}).get("checkpoint_id", ""),
        "created": snapshot.created_at,
        "source": told.get("source", ""),
        "step": told.get("step"),
        "next": list(snapshot.next),
        "messages": len(messages or ()),
    }


def _as_content(value: Any) -> Any:
    if isinstance(value, str):
        return value
    return Part(data=_plain(value))


def _plain(value: Any) -> Any:
    """JSON of it, of pydantic's and LangChain's objects too."""
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if isinstance(value, dict):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
