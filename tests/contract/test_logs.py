"""What a plugin process says by itself."""

import json
from pathlib import Path

import pytest
from agentx_sdk.testing import PluginProcess

ECHO = Path(__file__).parents[2] / "plugins" / "echo"
pytestmark = pytest.mark.asyncio


def lines(process: PluginProcess) -> list[dict[str, str]]:
    return [json.loads(line) for line in process.log.splitlines()]


async def test_it_says_that_it_is_ready_and_which_turn_failed():
    async with PluginProcess(ECHO) as echo:
        (ready,) = lines(echo)
        assert ready["message"] == f"agent echo is ready (contract 1, pid {echo.pid})"
        await echo.send("x", metadata={"fail": "no luck"}, task_id="t-7")
        failed = lines(echo)[-1]
        assert (failed["level"], failed["task_id"]) == ("warning", "t-7")
        assert failed["message"] == "the turn failed (asked_to_fail): no luck"


async def test_a_flood_of_failures_writes_little():
    async with PluginProcess(ECHO) as echo:
        for _ in range(300):
            await echo.send("x", metadata={"sleep": "no number"})
        assert len(lines(echo)) < 40
