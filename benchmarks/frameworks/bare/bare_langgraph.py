"""LangGraph alone: a graph with a checkpointer, each conversation its own thread."""

from itertools import count

from langchain_core.messages import SystemMessage
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, MessagesState, StateGraph
from turns import INSTRUCTIONS, URL, Turn, serve


def make() -> Turn:
    model = ChatOpenAI(model="demo", base_url=URL, api_key="x", stream_usage=True)

    async def answer(state: MessagesState) -> dict:
        said = [SystemMessage(INSTRUCTIONS), *state["messages"]]
        return {"messages": [await model.ainvoke(said)]}

    graph = StateGraph(MessagesState).add_node(answer).add_edge(START, "answer")
    runnable = graph.compile(checkpointer=InMemorySaver())
    threads = count()

    async def turn(text: str) -> str:
        config = {"configurable": {"thread_id": str(next(threads))}}
        asked = {"messages": [{"role": "user", "content": text}]}
        said = runnable.astream(asked, config, stream_mode="messages")
        return "".join([chunk.text async for chunk, _ in said])

    return turn


serve(make)
