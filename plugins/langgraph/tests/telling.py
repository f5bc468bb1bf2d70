"""What several tests say."""

from pathlib import Path

from agentx_sdk import Agent, typed

FOLDER = Path(__file__).parents[1]


def edge(source, target, **when):
    return {"source": source, "target": target, **({"when": when} if when else {})}


def custom(nodes, *edges, **more):
    return {"graph": {"kind": "custom", "nodes": nodes, "edges": list(edges), **more}}


async def build(adapter, raw):
    problems: dict[str, str] = {}
    config = typed.read(adapter.AgentConfig, raw, problems)
    assert not problems
    await adapter.create_agent(Agent("refused", config=config, raw=raw))
