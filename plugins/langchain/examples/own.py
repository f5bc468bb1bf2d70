"""Own code of every form that the plugin takes; each is named in its README."""

from typing import Any

from langchain.agents import create_agent
from langchain.agents.middleware import AgentMiddleware, AgentState
from langchain_core.messages import AIMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder
from langchain_core.runnables import Runnable, RunnableLambda
from langchain_core.tools import tool


def chain(model: Any) -> Runnable[Any, Any]:
    """A chain: a prompt, the agent's model, a parser."""
    prompt = ChatPromptTemplate.from_messages(
        [("system", "You are terse."), MessagesPlaceholder("history"), ("user", "{question}")]
    )
    return prompt | model | StrOutputParser()


def bare(model: Any) -> Any:
    """The model itself."""
    return model


def _measured(text: str) -> dict[str, Any]:
    return {"letters": len(text), "text": text}


measure = RunnableLambda(_measured)


@tool
def moon(day: str) -> str:
    """The moon on a day."""
    return f"full on {day}"


def agent(model: Any) -> Any:
    """An application's own agent, with its own tool."""
    return create_agent(model, [moon], system_prompt="You are terse.")


class Polite(AgentMiddleware[AgentState[Any], Any]):
    """Middleware: it answers rudeness itself."""

    async def abefore_agent(self, state: AgentState[Any], runtime: Any) -> dict[str, Any] | None:
        if "idiot" in str(state["messages"][-1].content):
            return {"messages": [AIMessage("Please be kind.")], "jump_to": "end"}
        return None

    abefore_agent.__can_jump_to__ = ["end"]  # type: ignore[attr-defined]


_tries = {"flaky": 0}


def flaky(word: str) -> str:
    """A tool that fails every second time, beginning with the first."""
    _tries["flaky"] += 1
    if _tries["flaky"] % 2:
        raise ConnectionError("try again")
    return f"got {word}"


nothing = {"a": "dictionary"}
