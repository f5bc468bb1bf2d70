"""Microsoft Agent Framework alone."""

from agent_framework import Agent
from agent_framework.openai import OpenAIChatCompletionClient
from turns import INSTRUCTIONS, URL, Turn, serve


def make() -> Turn:
    client = OpenAIChatCompletionClient(model="demo", base_url=URL, api_key="x")
    agent = Agent(client=client, name="assistant", instructions=INSTRUCTIONS)

    async def turn(text: str) -> str:
        return "".join([update.text async for update in agent.run(text, stream=True)])

    return turn


serve(make)
