"""The desk: it looks an order up, asks a person about much money, and answers.

Onboard it without a change: `{"code": "shop/desk.py:graph", "reply_nodes": ["answer"]}`.
"""

import re
from typing import Literal

from langchain_core.messages import AIMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.config import get_stream_writer
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode
from langgraph.types import Command, interrupt

from shop.orders import price_of

LIMIT = 100


class Desk(MessagesState):
    """`order`: what it is about. `approved`: what the person said."""

    order: str
    approved: bool


def read(state: Desk) -> Command[Literal["look_up", "answer"]]:
    found = re.search(r"[A-Z]\d", str(state["messages"][-1].content))
    if found is None:
        return Command(goto="answer", update={"order": ""})
    call = {"name": "price_of", "args": {"order": found[0]}, "id": f"look-{found[0]}"}
    asked = AIMessage("", tool_calls=[call])
    return Command(goto="look_up", update={"order": found[0], "messages": [asked]})


def decide(state: Desk) -> dict[str, bool]:
    get_stream_writer()("Looking at the price …")
    price = int(state["messages"][-1].content)
    if price <= LIMIT:
        return {"approved": True}
    question = f"Refund {price} for order {state['order']}?"
    return {"approved": interrupt({"question": question, "schema": {"type": "boolean"}})}


def answer(state: Desk) -> dict[str, list[AIMessage]]:
    if not state["order"]:
        return {"messages": [AIMessage("Which order is it about?")]}
    told = "is refunded" if state["approved"] else "is not refunded"
    return {"messages": [AIMessage(f"Order {state['order']} {told}.")]}


builder = StateGraph(Desk)
builder.add_node("read", read)
builder.add_node("look_up", ToolNode([price_of]))
builder.add_node("decide", decide)
builder.add_node("answer", answer)
builder.add_edge(START, "read")
builder.add_edge("look_up", "decide")
builder.add_edge("decide", "answer")
builder.add_edge("answer", END)
graph = builder.compile(checkpointer=InMemorySaver())
