"""An adapter in the test's own process."""

import pytest
from agentx_sdk import Adapter, ConfigError, Turn
from agentx_sdk.testing import InProcess

pytestmark = pytest.mark.asyncio


class Greet(Adapter):
    class Config:
        words: str = "hello"

    def __init__(self) -> None:
        self.ended = False

    async def process(self, turn: Turn) -> str:
        self.state["last"] = turn.text
        return f"{self.config.words}, {turn.text}"

    def shutdown(self) -> None:
        self.ended = True


async def test_it_answers_and_can_be_looked_into():
    adapter = Greet()
    async with InProcess(adapter, config={"words": "hi"}) as plugin:
        assert (await plugin.send("you")).text == "hi, you"
        assert (await plugin.stream_all("you")).state == "completed"
        assert adapter.state["last"] == "you"
        (entry,) = await plugin.save_state()
        assert entry.value == b'"you"'
        assert (await plugin.health()).messages_total == 2
    assert adapter.ended


async def test_a_configuration_that_is_refused_leaves_nothing_behind():
    with pytest.raises(AssertionError, match="words must be text"):
        async with InProcess(Greet(), config={"words": 1}):
            pass


async def test_what_the_author_says_of_a_configuration_comes_before_initialize():
    class Picky(Greet):
        def validate_config(self, config, agent):
            if agent is None and config.words == "bad":
                raise ConfigError("not that", {"words": "is bad"})

    with pytest.raises(AssertionError, match="not that"):
        async with InProcess(Picky(), config={"words": "bad"}):
            pass
