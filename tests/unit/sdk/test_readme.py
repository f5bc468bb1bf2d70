"""The README's programs, run as they stand."""

import re
from pathlib import Path

import pytest
from agentx_sdk.testing import InProcess

README = (Path(__file__).parents[3] / "sdk" / "python" / "README.md").read_text()
BLOCKS = re.findall(r"^```python\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)


def program(*blocks: str) -> dict[str, object]:
    names: dict[str, object] = {"__name__": "readme"}
    for block in blocks:
        exec(compile(block, "README.md", "exec"), names)
    return names


@pytest.mark.asyncio
async def test_the_first_program_shouts():
    async with InProcess(program(BLOCKS[0])["Shout"]()) as plugin:
        assert (await plugin.send("hello")).text == "HELLO"


@pytest.mark.asyncio
async def test_the_greeter_has_what_it_says():
    greeter = program(BLOCKS[1])["Greeter"]
    async with InProcess(greeter()) as plugin:
        assert (await plugin.send("you")).text == "hello, you"
        assert (await plugin.send("")).question == "Whom shall I greet?"
        (tool,) = (await plugin.call("ListTools")).tools
        assert '"Letters that a word may have."' in tool.input_schema
        assert (await plugin.call("GetInfo")).live_config
    with pytest.raises(AssertionError, match="a greeting has words"):
        async with InProcess(greeter(), config={"greeting": " "}):
            pass


def test_its_test_passes():
    program(*BLOCKS[1:])
