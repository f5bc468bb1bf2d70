"""Semantic Kernel alone."""

from openai import AsyncOpenAI
from semantic_kernel.agents import ChatCompletionAgent
from semantic_kernel.connectors.ai.open_ai import OpenAIChatCompletion
from turns import INSTRUCTIONS, URL, Turn, serve


def make() -> Turn:
    client = AsyncOpenAI(base_url=URL, api_key="x")
    service = OpenAIChatCompletion(ai_model_id="demo", async_client=client)
    agent = ChatCompletionAgent(service=service, name="assistant", instructions=INSTRUCTIONS)

    async def turn(text: str) -> str:
        return "".join([str(each.content) async for each in agent.invoke_stream(messages=text)])

    return turn


serve(make)
