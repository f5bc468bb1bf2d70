"""Echo does what its README says."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import grpc.aio
import pytest
import pytest_asyncio
from agentx_sdk import Message, Part
from agentx_sdk.testing import PluginProcess

FOLDER = Path(__file__).parents[1]
pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def echo() -> AsyncIterator[PluginProcess]:
    async with PluginProcess(FOLDER) as plugin:
        yield plugin


async def test_it_says_back_text_data_and_files(echo):
    assert (await echo.send("hello")).text == "hello"
    parts = [Part(text="a"), Part(data=[1]), Part(raw=b"\0", filename="f")]
    answer = await echo.send(*parts)
    assert (answer.parts, answer.state) == (parts, "completed")


async def test_it_streams_word_by_word(echo):
    responses = [each async for each in echo.stream("one two  three", metadata={"stream": True})]
    words = [
        event.artifact.artifact.parts[0].text for each in responses[:-1] for event in each.events
    ]
    assert words == ["one ", "two ", " ", "three"]


async def test_streaming_without_a_stream_gives_one_artifact(echo):
    answer = await echo.send("one two", metadata={"stream": True})
    assert [part.text for part in answer.parts] == ["one two"]


async def test_it_fails_and_rejects(echo):
    failed = await echo.send("x", metadata={"fail": "too hot"})
    assert (failed.state, failed.error, failed.error_code) == ("failed", "too hot", "asked_to_fail")
    rejected = await echo.send("x", metadata={"reject": "no thanks"})
    assert (rejected.state, rejected.question) == ("rejected", "no thanks")


async def test_it_asks_and_the_answer_completes(echo):
    asked = await echo.send("x", metadata={"ask": "which word?"}, task_id="t")
    assert (asked.state, asked.question) == ("input_required", "which word?")
    history = [Message("x", role="user"), Message("which word?", role="agent")]
    answer = await echo.send("this", task_id="t", history=history)
    assert (answer.state, answer.text) == ("completed", "this")


async def test_it_asks_once_when_its_configuration_says_so():
    async with PluginProcess(FOLDER, agents={"echo": {"ask": True}}) as echo:
        assert (await echo.send("x")).state == "input_required"
        history = [Message("What shall I echo?", role="agent")]
        assert (await echo.send("this", history=history)).text == "this"


async def test_its_own_configuration_counts_least():
    async with PluginProcess(FOLDER, config={"repeat": 2}, agents={"echo": {}}) as echo:
        assert (await echo.send("ab")).text == "abab"
        assert (await echo.send("ab", metadata={"repeat": 1})).text == "ab"


async def test_what_it_remembers_can_be_saved(echo):
    await echo.send("a word", metadata={"remember": "key"})
    (entry,) = await echo.save_state()
    assert (entry.key, entry.value) == ("key", b'"a word"')


async def test_it_makes_artifacts_and_data(echo):
    answer = await echo.send("words", metadata={"artifact": "report"})
    assert [artifact.name for artifact in answer.artifacts] == ["report"]
    assert (await echo.send("x", metadata={"data": [1]})).parts == [Part(data={"data": [1]})]


async def test_it_says_what_it_is_doing(echo):
    answer = await echo.send("x", metadata={"status": "looking"})
    assert answer[0].status.message.parts[0].text == "looking"
    assert (answer.state, answer.text) == ("completed", "x")


async def test_a_sleep_can_be_cancelled(echo):
    with pytest.raises(grpc.aio.AioRpcError):
        await echo.send("x", metadata={"sleep": 30}, timeout=0.2)
    async with asyncio.timeout(2):
        while (await echo.health()).in_flight:  # noqa: ASYNC110 - asks the process
            await asyncio.sleep(0.01)


async def test_it_crashes(echo):
    with pytest.raises(grpc.aio.AioRpcError) as lost:
        await echo.send("x", metadata={"crash": True})
    assert lost.value.code() == grpc.StatusCode.UNAVAILABLE
    assert await echo.wait(5) == 70


async def test_it_grows(echo):
    before = resident(echo.pid)
    await echo.send("x", metadata={"grow_mb": 50})
    assert 45 < resident(echo.pid) - before < 80


def resident(pid: int) -> float:
    """Resident memory, in megabytes."""
    (line,) = [
        line
        for line in Path(f"/proc/{pid}/status").read_text().splitlines()
        if line.startswith("VmRSS")
    ]
    return int(line.split()[1]) / 1024
