"""A crew of your own: AgentX gives it the model and the tools that the agent's configuration names."""

from typing import Any

from crewai import Agent, Crew, Task


def crew(model: Any, tools: list[Any]) -> Crew:
    """`code: newsroom.py:crew`. What the caller says is {text}, what was said before {history}."""
    writer = Agent(
        role="Writer", goal="Write plainly.", backstory="\nreply: a draft", llm=model, tools=tools
    )
    editor = Agent(role="Editor", goal="Shorten.", backstory="\nreply: printed: {text}", llm=model)
    draft = Task(
        description="Write about: {text}", expected_output="Three paragraphs.", agent=writer
    )
    edit = Task(description="Edit the draft.", expected_output="One paragraph.", agent=editor)
    return Crew(agents=[writer, editor], tasks=[draft, edit], tracing=False)
