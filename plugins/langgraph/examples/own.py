"""Own code of every form that the plugin takes; each is named in its README."""

import operator
from typing import Annotated, Any, TypedDict

from langchain_core.messages import SystemMessage
from langgraph.func import entrypoint
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition


def assistant(model: Any, tools: list[Any]) -> StateGraph:
    """A builder that is given the model and the tools of the agent's configuration."""
    told = SystemMessage("You are terse.")
    asked = model.bind_tools(tools) if tools else model

    async def think(state: MessagesState) -> dict[str, Any]:
        return {"messages": [await asked.ainvoke([told, *state["messages"]])]}

    builder = StateGraph(MessagesState)
    builder.add_node("think", think)
    builder.add_node("tools", ToolNode(tools))
    builder.add_edge(START, "think")
    builder.add_conditional_edges("think", tools_condition)
    builder.add_edge("tools", "think")
    return builder


class Words(TypedDict):
    """A state without messages."""

    text: str
    steps: Annotated[list[str], operator.add]
    length: int


def _count(state: Words) -> dict[str, Any]:
    return {"length": len(state["text"].split()), "steps": ["counted"]}


def _check(state: Words) -> dict[str, Any]:
    return {"steps": ["checked"]}


def words() -> Any:
    """A graph that takes text and gives data."""
    builder = StateGraph(Words)
    builder.add_node("count", _count)
    builder.add_node("check", _check)
    builder.add_edge(START, "count")
    builder.add_edge("count", "check")
    builder.add_edge("check", END)
    return builder.compile()


@entrypoint()
async def shout(text: str) -> str:
    """LangGraph's functional API."""
    return text.upper()


def remark(state: Any) -> str:
    """A node of kind `code`."""
    return f"{len(state['messages'])} messages, and the text has {len(state['values']['text'])} letters"


def circle() -> Any:
    """A graph that never ends."""
    builder = StateGraph(Words)
    builder.add_node("again", _check)
    builder.add_edge(START, "again")
    builder.add_edge("again", "again")
    return builder.compile()


def broken() -> Any:
    """A function that fails."""
    raise RuntimeError("no graph today")


nothing = {"a": "dictionary"}
