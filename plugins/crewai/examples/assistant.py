"""An agent of your own."""

from typing import Any

from crewai import Agent


def agent(model: Any, tools: list[Any], config: Any) -> Agent:
    """`code: assistant.py:agent`. `config` is what the agent's configuration says."""
    return Agent(
        role="Librarian",
        goal="Find what is asked for.",
        backstory=f"\n{config.instructions}",
        llm=model,
        tools=tools,
    )
