"""Something of everything that a plugin may have."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Annotated, Any

from agentx_sdk import Adapter, Field, InputRequired, Model, Secret, TaskFailed, Turn, run, tool


@dataclass
class Config:
    """The plugin's configuration."""

    greeting: Annotated[str, Field("What it says first.", min_length=1)]
    api_key: Secret = ""
    limits: dict[str, int] = field(default_factory=dict)


class Complete(Adapter):
    version = "1.0"
    capabilities = ("text",)
    Config = Config

    async def process(self, turn: Turn) -> Any:
        match turn.text.partition(" "):
            case ("sleep", _, seconds):
                await asyncio.sleep(float(seconds))
            case ("stream", _, words):
                return self.stream(words)
            case ("fail", _, why):
                raise TaskFailed(why, code="asked_to")
            case ("ask", _, question):
                answered = any(message.role == "agent" for message in turn.history)
                return "thank you" if answered else InputRequired(question)
            case ("large", _, _):
                return "x" * (17 * 1024 * 1024)
            case ("learn", _, word):
                turn.memory.setdefault("words", []).append(word)
            case ("recall", _, _):
                return " ".join(turn.memory.get("words", ["nothing"]))
            case ("remember", _, word):
                self.state.setdefault("words", []).append(word)
        return f"{self.config.greeting}, {turn.text}"

    async def stream(self, words: str) -> AsyncIterator[str]:
        for word in words.split():
            yield f"{word} "

    def models(self, agent: Any) -> list[Model]:
        return [Model("small", provider="nobody", metadata={"context": 8})]

    @tool
    def add(self, a: int, b: int = 1) -> int:
        """Add two numbers."""
        return a + b


if __name__ == "__main__":
    run(Complete())
