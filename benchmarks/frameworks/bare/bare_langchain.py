"""LangChain alone."""

from langchain.agents import create_agent
from langchain_openai import ChatOpenAI
from turns import INSTRUCTIONS, URL, Turn, serve


def make() -> Turn:
    model = ChatOpenAI(model="demo", base_url=URL, api_key="x", stream_usage=True)
    agent = create_agent(model, [], system_prompt=INSTRUCTIONS)

    async def turn(text: str) -> str:
        asked = {"messages": [{"role": "user", "content": text}]}
        said = agent.astream(asked, stream_mode="messages")
        return "".join([chunk.text async for chunk, _ in said])

    return turn


serve(make)
