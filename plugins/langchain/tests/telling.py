"""What several tests say."""

from agentx_sdk import Agent, typed


async def build(adapter, raw):
    problems: dict[str, str] = {}
    config = typed.read(adapter.AgentConfig, raw, problems)
    assert not problems
    await adapter.create_agent(Agent("refused", config=config, raw=raw))
