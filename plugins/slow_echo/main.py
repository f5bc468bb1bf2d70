"""Slow echo: says back what it is told, after a while. Made to be scaled."""

import asyncio

from agentx_sdk import Adapter, ConfigError, Turn, run
from agentx_sdk.turn import Agent

DELAY_SECONDS = 1.0


class SlowEcho(Adapter):
    """Waits `delay` seconds: the message's metadata says how long, else the agent's config."""

    version = "1.0.0"
    capabilities = ("text", "slow")

    def create_agent(self, agent: Agent) -> None:
        _delay(agent.config.get("delay", DELAY_SECONDS))

    async def process(self, turn: Turn) -> str:
        configured = turn.config.get("delay", DELAY_SECONDS)
        await asyncio.sleep(_delay(turn.metadata.get("delay", configured)))
        return turn.text


def _delay(value: object) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool) or value < 0:
        raise ConfigError(
            f"delay is {value!r}, and must be a number of seconds", {"delay": "not a number >= 0"}
        )
    return float(value)


if __name__ == "__main__":
    run(SlowEcho())
