"""Slow echo: says back what it is told, after a while. Made to be scaled."""

import asyncio
from dataclasses import dataclass
from typing import Annotated

from agentx_sdk import Adapter, Field, TaskFailed, Turn, run

Seconds = Annotated[float, Field("Seconds before the answer.", minimum=0)]


@dataclass
class Config:
    """The plugin's configuration."""

    delay: Seconds = 1.0


@dataclass
class AgentConfig:
    """What an agent of it may have otherwise."""

    delay: Seconds | None = None


class SlowEcho(Adapter):
    """Waits `delay` seconds: as the message's metadata says, else the agent's configuration, else the plugin's."""

    version = "1.0.0"
    capabilities = ("text", "slow")
    Config = Config
    AgentConfig = AgentConfig

    async def process(self, turn: Turn) -> str:
        await asyncio.sleep(self._delay(turn))
        return turn.text

    def _delay(self, turn: Turn) -> float:
        own = turn.config.delay
        told = turn.metadata.get("delay", self.config.delay if own is None else own)
        if not isinstance(told, (int, float)) or isinstance(told, bool) or told < 0:
            raise TaskFailed(f"delay is {told!r}, and must be a number of seconds", "bad_delay")
        return float(told)


if __name__ == "__main__":
    run(SlowEcho())
