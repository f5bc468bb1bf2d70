"""What each kind of node does, as LangGraph's functions."""

import inspect
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import values
from agentx_sdk import TaskFailed
from agentx_sdk.langchain.messages import text_of
from agentx_sdk.llm import AgentTool, current_exchange, in_thread
from agentx_sdk.llm.answers import data_of
from agentx_sdk.llm.messages import result_text
from config import NodeConfig
from langchain.agents import create_agent
from langchain.agents.structured_output import ProviderStrategy
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, SystemMessage
from langchain_core.runnables import RunnableConfig
from langgraph.config import get_stream_writer
from langgraph.constants import TAG_NOSTREAM
from langgraph.graph import MessagesState
from langgraph.types import Command, interrupt

CHOICE = "choice"
NO_CHOICE, AGENT_FAILED = "no_choice", "agent_failed"
Step = Callable[["State", RunnableConfig], Awaitable[Any]]


def _merged(before: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """Values of branches that run at once come together."""
    return {**before, **more}


def _counted(before: dict[str, int], more: dict[str, int]) -> dict[str, int]:
    """Nothing: a turn begins, and counts anew."""
    return {**before, **{name: before.get(name, 0) + n for name, n in more.items()}} if more else {}


class State(MessagesState):
    """The conversation, what nodes gave by name, and how often each ran in this turn."""

    values: Annotated[dict[str, Any], _merged]
    runs: Annotated[dict[str, int], _counted]


@dataclass(frozen=True)
class Given:
    """What a node is made with: its model, its tools in both forms, and its own code."""

    model: Any = None
    tools: Sequence[Any] = ()
    kit: Sequence[AgentTool] = ()
    code: Any = None


def step_of(node: NodeConfig, given: Given) -> Step:
    """The node as a function of the state that says what is new in it."""
    run = STEPS[node.kind](node, given)

    async def step(state: State, config: RunnableConfig) -> Any:
        if node.status:
            get_stream_writer()(values.filled_in(node.status, state))
        found = await run(state, config)
        return {**found, "runs": {node.name: 1}} if isinstance(found, dict) else found

    step.__name__ = node.name
    return step


def asks_key(node: NodeConfig) -> str:
    """Of the value that says what an agent asks before it goes on."""
    return f"{node.name}_asks"


def _gives(node: NodeConfig, value: Any, messages: Sequence[AnyMessage] = ()) -> dict[str, Any]:
    """Its value, and what it adds to the conversation."""
    update: dict[str, Any] = {"values": {node.into or node.name: value}}
    return update if node.silent or not messages else {**update, "messages": list(messages)}


def _told(node: NodeConfig, state: State) -> list[AnyMessage]:
    """What the model of a node is told."""
    said: list[AnyMessage] = [*state["messages"]]
    if node.prompt:
        said = [HumanMessage(values.filled_in(node.prompt, state))]
    if not node.instructions:
        return said
    return [SystemMessage(values.filled_in(node.instructions, state)), *said]


def _model(node: NodeConfig, given: Given) -> Step:
    model = given.model.bind_tools(given.tools) if given.tools else given.model
    if node.output_schema:
        model = model.bind(response_format=_json_format(node.output_schema))

    async def run(state: State, config: RunnableConfig) -> dict[str, Any]:
        said = await model.ainvoke(_told(node, state), config)
        text = text_of(said)
        wants_json = node.output_schema and not said.tool_calls
        return _gives(node, data_of(text) if wants_json else text, [said])

    return run


def _react(node: NodeConfig, given: Given) -> Step:
    schema = {"title": "answer", **node.output_schema}
    agent = create_agent(
        given.model,
        list(given.tools),
        response_format=ProviderStrategy(schema) if node.output_schema else None,
        checkpointer=False,  # it does not stop halfway: its tools ask nobody
        name=node.name,
    )

    async def run(state: State, config: RunnableConfig) -> dict[str, Any]:
        told = _told(node, state)
        before = {each.id for each in told if each.id}
        given: Any = {"messages": told}
        done = await agent.ainvoke(given, config)
        new = [
            each
            for each in done["messages"]
            if each.id not in before and not isinstance(each, (SystemMessage, HumanMessage))
        ]
        value = done["structured_response"] if node.output_schema else text_of(new[-1])
        return _gives(node, value, new)

    return run


def _route(node: NodeConfig, given: Given) -> Step:
    schema = {
        "type": "object",
        "properties": {CHOICE: {"type": "string", "enum": list(node.choices)}},
        "required": [CHOICE],
        "additionalProperties": False,
    }
    model = given.model.bind(response_format=_json_format(schema)).with_config(tags=[TAG_NOSTREAM])
    options = "\n".join(f"- {name}: {about}" for name, about in node.choices.items())

    async def run(state: State, config: RunnableConfig) -> dict[str, Any]:
        about = f"{values.filled_in(node.instructions, state)}\n\nThere are:\n{options}"
        told = [SystemMessage(about.strip()), *_told(_without_instructions(node), state)]
        chosen = _choice(text_of(await model.ainvoke(told, config)), list(node.choices))
        return {"values": {node.into or node.name: chosen}}

    return run


def _agent(node: NodeConfig, given: Given) -> Step:
    """Another agent; when it asks something before it goes on, so does this graph."""
    (tool,) = given.kit

    async def run(state: State, config: RunnableConfig) -> dict[str, Any]:
        exchange = current_exchange.get()
        asks = state["values"].get(asks_key(node), "")
        if asks:
            message = result_text(interrupt({"name": node.name, "question": asks}))
        else:
            message = values.filled_in(node.prompt or "{text}", state)
        done = await tool.call({"message": message}, exchange=exchange)
        if done.error:
            raise TaskFailed(done.error, AGENT_FAILED)
        if exchange is not None and node.agent in exchange.asked:
            return {"values": {asks_key(node): result_text(done.result)}}
        update = _gives(node, done.result, [AIMessage(result_text(done.result))])
        return {**update, "values": {**update["values"], asks_key(node): ""}}

    return run


def _ask(node: NodeConfig, given: Given) -> Step:
    async def run(state: State, config: RunnableConfig) -> dict[str, Any]:
        question = values.filled_in(node.question, state)
        asked = {"name": node.name, "question": question, "schema": node.form or None}
        answer = interrupt(asked)
        return _gives(node, answer, [HumanMessage(result_text(answer))])

    return run


def _set(node: NodeConfig, given: Given) -> Step:
    async def run(state: State, config: RunnableConfig) -> dict[str, Any]:
        text = values.filled_in(node.text, state)
        return _gives(node, text, [AIMessage(text)])

    return run


def _code(node: NodeConfig, given: Given) -> Step:
    """A function of the state. Text that it returns is its value; a dict is LangGraph's update."""
    function = given.code

    async def run(state: State, config: RunnableConfig) -> Any:
        if inspect.iscoroutinefunction(function):
            found = await function(state)
        else:
            found = await in_thread(function, state)
        if isinstance(found, Command) or (isinstance(found, Mapping) and set(found) <= KEYS):
            return found
        said = [AIMessage(found)] if isinstance(found, str) else []
        return _gives(node, found, said)

    return run


KEYS = frozenset(State.__annotations__) | {"messages"}
STEPS: dict[str, Callable[[NodeConfig, Given], Step]] = {
    "model": _model,
    "react": _react,
    "agent": _agent,
    "ask": _ask,
    "route": _route,
    "set": _set,
    "code": _code,
}


def _without_instructions(node: NodeConfig) -> NodeConfig:
    return NodeConfig(node.name, node.kind, prompt=node.prompt)


def _json_format(schema: Mapping[str, Any]) -> dict[str, Any]:
    named = {"name": str(schema.get("title", "answer")), "schema": dict(schema)}
    return {"type": "json_schema", "json_schema": named}


def _choice(text: str, choices: Sequence[str]) -> str:
    """What was chosen; models that do not keep to a schema are read by their words."""
    try:
        told = json.loads(text)
    except ValueError:
        told = text
    chosen = told.get(CHOICE) if isinstance(told, dict) else told
    if chosen in choices:
        return str(chosen)
    named = [each for each in choices if each.lower() in text.lower()]
    if len(named) != 1:
        why = f"the model chose none of {', '.join(choices)}: {text[:200]}"
        raise TaskFailed(why, NO_CHOICE)
    return named[0]
