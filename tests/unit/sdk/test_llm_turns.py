"""Turns of an agent around a model: memory, order, limits, what becomes visible."""

import asyncio
import json
import secrets
import sys
import threading
import zlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from agentx_sdk import Agent, InputRequired, TaskFailed
from agentx_sdk._wire import agentx_plugin_pb2 as pb
from agentx_sdk.llm import AgentTool, Exchange, LLMAdapter, ModelConfig, priced
from agentx_sdk.llm.config import ToolConfig
from agentx_sdk.memory import MAX_MEMORY, Memory
from agentx_sdk.testing import InProcess

MODEL = {"name": "m", "base_url": "http://127.0.0.1:9/v1", "input_price": 2, "output_price": 10}
pytestmark = pytest.mark.asyncio


class RefusedError(Exception):
    """As openai's errors are: with a status, a body and the response."""

    status_code = 429
    body = {"message": "slow down"}

    class response:  # noqa: N801 - as theirs
        headers = {"retry-after": "7"}


class Talker(LLMAdapter):
    """A framework of a few words: it says what was said before, and does what it is told."""

    name = "talker"

    def __init__(self) -> None:
        super().__init__()
        self.at_once = self.most_at_once = 0
        self.begun = asyncio.Event()
        self.idle = asyncio.Event()
        self.ended: list[str] = []
        self.released: list[Any] = []
        self.connected: list[ModelConfig] = []

    def connect(self, model: ModelConfig) -> str:
        self.connected.append(model)
        return f"client of {model.name}"

    async def build(self, agent: Agent, tools: Sequence[AgentTool]) -> dict[str, Any]:
        await self.client(self.model(agent.config.model))
        return {"instructions": agent.config.instructions, **{tool.name: tool for tool in tools}}

    def release(self, native: dict[str, Any]) -> None:
        self.released.append(native["instructions"])

    async def converse(self, native: dict[str, Any], exchange: Exchange) -> AsyncIterator[Any]:
        self.at_once += 1
        self.begun.set()
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            async for item in self._obey(native, exchange):
                yield item
        finally:
            self.at_once -= 1
            self.ended.append(exchange.turn.text)
            self.idle.set()

    async def _obey(self, native: dict[str, Any], exchange: Exchange) -> AsyncIterator[Any]:
        match exchange.turn.text.split():
            case ["wait", seconds]:
                await asyncio.sleep(float(seconds))
            case ["fail"]:
                yield priced(self.model(), 100, 10)
                raise RuntimeError("wrapped") from RefusedError()
            case ["break"]:
                raise KeyError("a fault of the plugin")
            case ["data"]:
                yield {"title": "Tides"}
                return
            case ["ask"]:
                yield InputRequired("Really?", schema={"type": "boolean"})
                return
            case ["use", tool, *_rest]:
                yield await native[tool].answer({"expression": "6*7"})
        heard = [message.text for message in exchange.history if message.role == "user"]
        yield f"{native['instructions']} heard {heard}"
        yield priced(self.model(), 1000, 100)


def talking(adapter: Talker, **agent: Any) -> InProcess:
    return InProcess(adapter, agents={"a": {"instructions": "I", **agent}}, config={"model": MODEL})


async def test_what_was_said_is_remembered_by_conversation() -> None:
    async with talking(Talker()) as plugin:
        await plugin.send("one", context_id="c")
        again = await plugin.stream_all("two", context_id="c")
        other = await plugin.send("two", context_id="other")
    assert again.text == "I heard ['one']"
    assert other.text == "I heard []"


async def test_another_process_goes_on_with_what_it_is_given() -> None:
    async with talking(Talker()) as first:
        await first.send("one", context_id="c")
        kept = dict(first.memories)
    async with talking(Talker()) as second:
        second.memories.update(kept)
        assert (await second.send("two", context_id="c")).text == "I heard ['one']"


async def test_a_turn_that_fails_leaves_the_memory_as_it_was() -> None:
    async with talking(Talker()) as plugin:
        await plugin.send("one", context_id="c")
        before = dict(plugin.memories)
        failed = await plugin.send("fail", context_id="c")
        assert plugin.memories == before
    assert (failed.state, failed.error_code) == ("failed", "model_rate_limited")
    assert "try again in 7 s" in failed.error
    assert failed.failure["retryAfterSeconds"] == 7
    assert failed.usage[0]["inputTokens"] == 100


async def test_a_fault_of_the_plugin_is_no_fault_of_the_model() -> None:
    async with talking(Talker()) as plugin:
        assert (await plugin.send("break")).error_code == "agent_error"
        assert (await plugin.send("hello")).state == "completed"


async def test_only_so_much_is_remembered() -> None:
    async with talking(Talker(), memory={"max_messages": 4}) as plugin:
        for word in ("one", "two", "three"):
            await plugin.send(word, context_id="c")
        assert (await plugin.send("four", context_id="c")).text == "I heard ['two', 'three']"


@pytest.mark.parametrize("words", [500_000, 3_000])
async def test_a_message_that_is_too_large_makes_nothing_forgotten(words: int) -> None:
    async with talking(Talker(), memory={"max_bytes": 4096}) as plugin:
        await plugin.send("one", context_id="c")
        await plugin.send("I am Zoe " + "\u00e9" * words, context_id="c")
        heard = (await plugin.send("two", context_id="c")).text
    assert "'one'" in heard
    assert "I am Zoe" in heard
    assert "cut at" in heard


async def test_without_memory_every_message_stands_alone() -> None:
    async with talking(Talker(), memory={"enabled": False}) as plugin:
        await plugin.send("one", context_id="c")
        assert (await plugin.send("two", context_id="c")).text == "I heard []"
        assert not plugin.memories


async def test_turns_of_one_conversation_come_one_after_another() -> None:
    adapter = Talker()
    async with talking(adapter) as plugin:
        sends = [plugin.send("wait 0.02", context_id="c") for _ in range(5)]
        assert all(each.state == "completed" for each in await asyncio.gather(*sends))
        assert adapter.most_at_once == 1
        await asyncio.gather(*(plugin.send("wait 0.05", context_id=str(n)) for n in range(5)))
        assert adapter.most_at_once == 5


async def test_tools_are_seen_and_remembered() -> None:
    async with talking(Talker(), tools=["calculator"]) as plugin:
        answer = await plugin.stream_all("use calculator", context_id="c")
        assert (answer.tool_calls[0]["name"], answer.tool_results[0]["result"]) == (
            "calculator",
            42,
        )
        roles = [each["role"] for each in Memory(plugin.memories["a", "c"])["messages"]]
    assert roles == ["user", "assistant", "tool", "assistant"]


async def test_an_answer_of_data_is_remembered_as_its_json() -> None:
    async with talking(Talker()) as plugin:
        answer = await plugin.send("data", context_id="c")
        assert [part.data for part in answer.parts] == [{"title": "Tides"}]
        *_, last = Memory(plugin.memories["a", "c"])["messages"]
    assert (last["role"], last["parts"]) == ("assistant", [{"text": '{"title": "Tides"}'}])


async def test_usage_is_added_up_and_priced() -> None:
    async with talking(Talker()) as plugin:
        (usage,) = (await plugin.send("hello")).usage
    assert (usage["inputTokens"], usage["outputTokens"]) == (1000, 100)
    assert usage["cost"] == pytest.approx(0.003)


async def test_a_question_ends_the_turn_and_is_remembered() -> None:
    async with talking(Talker()) as plugin:
        asked = await plugin.send("ask", context_id="c")
        assert (asked.state, asked.form) == ("input_required", {"type": "boolean"})
        assert (await plugin.send("yes", context_id="c")).text == "I heard ['ask']"


async def test_a_turn_ends_at_the_agents_limit() -> None:
    adapter = Talker()
    async with talking(adapter, limits={"turn_seconds": 1}) as plugin:
        answer = await plugin.send("wait 60")
    assert answer.error_code == "turn_timeout"
    assert adapter.ended == ["wait 60"]


async def test_leaving_ends_the_frameworks_work() -> None:
    adapter = Talker()
    async with talking(adapter) as plugin:
        sending = asyncio.create_task(plugin.send("wait 60"))
        await adapter.begun.wait()
        sending.cancel()
        await adapter.idle.wait()
    assert adapter.ended == ["wait 60"]


async def test_new_configuration_keeps_conversations_and_running_turns() -> None:
    adapter = Talker()
    async with talking(adapter) as plugin:
        running = asyncio.create_task(plugin.send("wait 0.2", context_id="c"))
        await adapter.begun.wait()
        update = plugin_update("a", '{"instructions": "J"}')
        assert (await plugin.call("UpdateConfig", update)).success
        assert adapter.released == []
        assert (await running).text.startswith("I heard")
        assert (await plugin.send("two", context_id="c")).text == "J heard ['wait 0.2']"
        assert adapter.released == ["I"]
        assert len(adapter.connected) == 1


def plugin_update(agent: str, config: str) -> Any:
    return pb.UpdateConfigRequest(agent_id=agent, config_json=config)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"model": "fast"}, "not one of the plugin's models"),
        ({"tools": ["hammer"]}, "must be one of calculator, clock"),
        ({"tools": ["clock", "clock"]}, "two tools named"),
        ({"tools": [{"code": "nowhere.py:x"}]}, "no file nowhere.py"),
        ({"tools": [{}]}, "needs one of agent and code"),
        ({"memory": {"max_messages": 0}}, "must be at least 2"),
        ({"model": {"base_url": "https://api.openai.com/v1", "name": "m"}}, "api_key"),
    ],
)
async def test_a_configuration_that_cannot_be_used_is_refused(
    config: dict[str, Any], words: str
) -> None:
    async with talking(Talker()) as plugin:
        update = plugin_update("a", json.dumps(config))
        answer = await plugin.call("UpdateConfig", update)
        told = answer.error + " ".join(each.message for each in answer.field_errors)
        assert words in told
        assert (await plugin.send("hello")).text == "I heard []"


class TestMemory:
    async def test_nothing_changed_is_nothing_sent(self) -> None:
        assert Memory().encoded() is None
        memory = Memory(b'{"a":[1]}')
        memory["a"].append(2)
        assert Memory(memory.encoded() or b"")["a"] == [1, 2]

    async def test_much_is_pressed(self) -> None:
        memory = Memory()
        memory["text"] = "word " * 10_000
        encoded = memory.encoded() or b""
        assert len(encoded) < 1000
        assert Memory(encoded) == memory

    async def test_too_much_fails_the_turn(self) -> None:
        memory = Memory()
        memory["noise"] = secrets.token_hex(2 * MAX_MEMORY)
        with pytest.raises(TaskFailed, match="at most 1048576"):
            memory.encoded()

    async def test_a_bomb_is_not_opened(self) -> None:
        bomb = zlib.compress(b" " * (65 * MAX_MEMORY), 9)
        with pytest.raises(ValueError, match="more than 64 MiB"):
            Memory(bomb)


class Band(LLMAdapter):
    """A team of one member, with an author's function and what own code is offered."""

    def connect(self, model: ModelConfig) -> str:
        return f"client of {model.name}"

    async def build(self, agent: Agent, tools: Sequence[AgentTool]) -> Any:
        told = json.loads(agent.config.instructions)
        named = [ToolConfig(code=each) for each in told.get("tools", ())]
        members = await self.toolbox(named, agent.config, "members.0.tools")
        if "function" in told:
            return await self.function(told["function"], "members.0.code")
        return [*members, await self.offered_client(told.get("model", ""))]

    async def converse(self, native: Any, exchange: Exchange) -> AsyncIterator[Any]:
        yield str(native)


def band(folder: Path, default: dict[str, Any], **told: Any) -> InProcess:
    agents = {"a": {"instructions": json.dumps(told)}}
    return InProcess(
        Band(), agents=agents, config={"model": default, "code_folders": [str(folder)]}
    )


async def test_a_members_module_that_is_never_imported_holds_up_nobody(tmp_path: Path) -> None:
    begun, released = threading.Event(), threading.Event()
    sys.modules["held_here"] = held = ModuleType("held_here")
    held.__dict__.update(begun=begun, released=released)
    text = (
        "import held_here as h; h.begun.set(); h.in_time = h.released.wait(5)\ndef tool(): return 1"
    )
    (tmp_path / "slow.py").write_text(text)
    starting = asyncio.ensure_future(band(tmp_path, MODEL, tools=["slow.py:tool"]).__aenter__())
    try:
        assert await asyncio.to_thread(begun.wait, 10)
        released.set()  # which only a loop that is free comes to
        await (await starting).__aexit__(None, None, None)
        assert held.in_time
    finally:
        del sys.modules["held_here"]


async def test_what_is_named_as_a_function_is_one(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text("number = 7\ndef rule(text): return text")
    async with band(tmp_path, MODEL, function="own.py:rule") as plugin:
        assert "function rule" in (await plugin.send("?")).text
    with pytest.raises(Exception, match=r"own\.py:number is not a function"):
        await band(tmp_path, MODEL, function="own.py:number").__aenter__()


async def test_own_code_without_a_model_is_offered_none(tmp_path: Path) -> None:
    async with band(tmp_path, MODEL) as plugin:
        assert (await plugin.send("?")).text == "['client of m']"
    async with band(tmp_path, {}) as plugin:
        assert (await plugin.send("?")).text == "[None]"
    with pytest.raises(Exception, match="nobody"):
        await band(tmp_path, {}, model="nobody").__aenter__()
