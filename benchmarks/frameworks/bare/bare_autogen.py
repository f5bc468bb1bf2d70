"""AutoGen alone: an agent for each conversation, for it holds one."""

from autogen_agentchat.agents import AssistantAgent
from autogen_agentchat.messages import ModelClientStreamingChunkEvent
from autogen_ext.models.openai import OpenAIChatCompletionClient
from turns import INSTRUCTIONS, URL, Turn, serve

INFO = {
    "vision": False, "function_calling": True, "json_output": True, "structured_output": True,
    "family": "unknown",
}  # fmt: skip


def make() -> Turn:
    client = OpenAIChatCompletionClient(
        model="demo", base_url=URL, api_key="x", model_info=INFO, include_usage_in_streams=True
    )

    async def turn(text: str) -> str:
        agent = AssistantAgent(
            "assistant", client, system_message=INSTRUCTIONS, model_client_stream=True
        )
        events = agent.run_stream(task=text)
        chunks = [each async for each in events if isinstance(each, ModelClientStreamingChunkEvent)]
        return "".join(each.content for each in chunks)

    return turn


serve(make)
