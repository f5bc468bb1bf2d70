"""Tools of agents: built in and own, with limits, and what is told of them. Own code from files."""

import asyncio
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from agentx_sdk import ConfigError, TaskFailed
from agentx_sdk.llm import builtin, own_code, threads
from agentx_sdk.llm.config import LimitsConfig, ModelConfig, PluginConfig, ToolConfig
from agentx_sdk.llm.models import listed, priced, resolved
from agentx_sdk.llm.threads import in_thread
from agentx_sdk.llm.tools import AgentTool, off_the_loop, tools_of

OWN = '''
import asyncio, threading, time
released = threading.Event()
def where(city: str) -> str:
    """Where a city lies.

    Args:
        city: Its name.
    """
    return threading.current_thread().name
async def soon(n: int) -> dict: return {"n": n}
def breaks(): raise ValueError("on purpose")
def never(): released.wait()
async def stubborn():
    while True:
        try: await asyncio.sleep(60)
        except asyncio.CancelledError: released.set(); await asyncio.sleep(0.3); return
def much(): return "x" * 1000
def make(model, tools=()): return {"model": model, "tools": tools}
number = 7
'''


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "own.py").write_text(OWN)
    (tmp_path / "broken.py").write_text("import nowhere_to_be_found")
    (tmp_path / "ends.py").write_text("raise SystemExit(3)")
    return tmp_path


def own(folder: Path, name: str, **limits: Any) -> AgentTool:
    told = ToolConfig(code=f"own.py:{name}")
    (tool,) = tools_of([told], LimitsConfig(**limits), [str(folder)])
    return tool


@pytest.mark.asyncio
class TestCalls:
    async def test_arguments_of_an_authors_function_come_by_place_too(self) -> None:
        """As frameworks call rules of teams and steps of graphs."""

        def where(thing: str, *, loudly: bool = False) -> str:
            return f"{thing} in {threading.current_thread().name}{'!' * loudly}"

        async def soon(n: int) -> int:
            return n

        assert await off_the_loop(where)("it", loudly=True) == "it in agentx-tool!"
        assert await off_the_loop(soon)(7) == 7
        assert await off_the_loop(lambda n: soon(n))(8) == 8

    async def test_a_plain_function_runs_in_a_thread_of_its_own(self, folder: Path) -> None:
        tool = own(folder, "where")
        assert await tool.answer({"city": "Oslo"}) == "agentx-tool"
        assert tool.description == "Where a city lies."
        assert tool.input_schema["properties"]["city"]["description"] == "Its name."

    async def test_a_coroutine_function_gives_any_json(self, folder: Path) -> None:
        assert await own(folder, "soon").answer({"n": 3}) == '{"n": 3}'

    @pytest.mark.parametrize(
        ("name", "arguments", "words"),
        [
            ("breaks", {}, "Error: ValueError: on purpose"),
            ("soon", {"n": "three"}, "Error: InvalidArguments: n must be a whole number"),
            ("soon", {}, "Error: InvalidArguments: n is missing"),
        ],
    )
    async def test_what_goes_wrong_is_told_to_the_model(
        self, folder: Path, name: str, arguments: dict[str, Any], words: str
    ) -> None:
        assert await own(folder, name).answer(arguments) == words

    async def test_a_tool_that_never_returns_is_given_up(self, folder: Path) -> None:
        tool = own(folder, "never", tool_seconds=0.05)
        assert await tool.answer({}) == "Error: it did not return within 0.05 s"
        own_code.loaded("own.py:released", [str(folder)]).set()

    async def test_a_tool_that_will_not_be_cancelled_is_not_waited_for(self, folder: Path) -> None:
        tool = own(folder, "stubborn", tool_seconds=0.05)
        began = time.monotonic()
        assert "did not return" in await tool.answer({})
        await asyncio.to_thread(own_code.loaded("own.py:released", [str(folder)]).wait)
        assert time.monotonic() - began < 0.3

    async def test_a_large_result_is_cut(self, folder: Path) -> None:
        answer = await own(folder, "much", tool_result_bytes=256).answer({})
        assert answer == "x" * 256 + " … (cut at 256 bytes)"

    async def test_threads_that_never_end_are_bounded(self) -> None:
        release = threading.Event()
        waiting = [asyncio.create_task(in_thread(release.wait)) for _ in range(threads.MAX_THREADS)]
        await asyncio.sleep(0)
        with pytest.raises(TaskFailed, match="64 tools are still at work"):
            await in_thread(time.time)
        for each in waiting[:5]:
            each.cancel()
        release.set()
        await asyncio.gather(*waiting, return_exceptions=True)
        await asyncio.gather(*(in_thread(time.time) for _ in range(3)))

    async def test_what_a_thread_raises_comes_back(self) -> None:
        with pytest.raises(ZeroDivisionError):
            await in_thread(lambda: 1 / 0)


@pytest.mark.asyncio
class TestBuiltIn:
    @pytest.mark.parametrize(
        ("expression", "value"), [("2 + 3 * 4", 14), ("-(2 ** 3) // 3", -3), ("7 / 2", 3.5)]
    )
    async def test_the_calculator_calculates(self, expression: str, value: float) -> None:
        assert await builtin.calculator(expression) == value

    @pytest.mark.parametrize(
        "expression",
        [
            "__import__('os')",
            "9**9**9",
            "(-1)**0.5",
            "1 if 1 else 2",
            "a",
            "True",
            "(",
            "1" * 201,
            "10**30*10",
        ],
    )
    async def test_and_does_nothing_else(self, expression: str) -> None:
        with pytest.raises(ValueError, match=r"."):
            await builtin.calculator(expression)


class TestOwnCode:
    def test_an_object_and_what_makes_it(self, folder: Path) -> None:
        assert own_code.loaded("own.py:number", [str(folder)]) == 7
        make = own_code.loaded(f"{folder}/own.py:make")
        assert own_code.made(make, model="m", tools=[1], config={}) == {"model": "m", "tools": [1]}
        assert own_code.made(7, model="m") == 7

    def test_a_changed_file_is_read_again(self, folder: Path) -> None:
        own_code.loaded("own.py:number", [str(folder)])
        (folder / "own.py").write_text("number = 8")
        assert own_code.loaded("own.py:number", [str(folder)]) == 8

    @pytest.mark.parametrize(
        ("told", "words"),
        [
            ("own.py", "must be package.module:name"),
            ("own.py:missing", "has no 'missing'"),
            ("nowhere.py:x", "there is no file nowhere.py"),
            ("broken.py:x", "ModuleNotFoundError: No module named 'nowhere_to_be_found'"),
            ("ends.py:x", "SystemExit: 3"),
            ("no_such_package.app:x", "No module named 'no_such_package'"),
        ],
    )
    def test_what_cannot_be_had_says_why(self, folder: Path, told: str, words: str) -> None:
        with pytest.raises(ConfigError) as refused:
            own_code.loaded(told, [str(folder)])
        assert words in str(refused.value)
        assert list(refused.value.fields) == ["code"]


class TestModels:
    PLUGIN = PluginConfig(
        model=ModelConfig(name="m", base_url="http://here/v1", api_key="k", temperature=0.1),
        models={
            "fast": ModelConfig(name="f"),
            "far": ModelConfig(name="x", base_url="http://far/v1"),
        },
    )

    def test_what_is_left_out_is_the_plugins(self) -> None:
        fast = resolved("fast", self.PLUGIN)
        assert (fast.name, fast.base_url, fast.api_key, fast.temperature) == (
            "f",
            "http://here/v1",
            "k",
            0.1,
        )
        assert (fast.api, fast.timeout_seconds, fast.max_retries) == ("chat", 60, 2)

    def test_a_key_goes_to_no_other_endpoint(self) -> None:
        assert resolved("far", self.PLUGIN).api_key == ""

    def test_nothing_at_all_says_what_to_do(self) -> None:
        with pytest.raises(ConfigError, match="AGENTX_MODEL_URL"):
            resolved("", PluginConfig())

    def test_zero_is_a_setting(self) -> None:
        own = ModelConfig(temperature=0, max_retries=0)
        assert resolved(own, self.PLUGIN).temperature == 0
        assert resolved(own, self.PLUGIN).max_retries == 0

    def test_those_that_can_be_used_are_listed(self) -> None:
        assert [(each.id, each.provider) for each in listed(self.PLUGIN)] == [
            ("m", "http://here/v1"),
            ("far", "http://far/v1"),
            ("fast", "http://here/v1"),
        ]
        assert listed(PluginConfig()) == []

    def test_money(self) -> None:
        model = ModelConfig(name="m", input_price=2.0, output_price=10.0, currency="EUR")
        assert priced(model, 1_000_000, 100_000).cost == pytest.approx(3.0)
        assert priced(ModelConfig(name="m"), 1, 1).cost is None


@pytest.mark.parametrize("is_absolute", [False, True])
def test_a_file_in_a_package_imports_what_lies_beside_it_by_the_packages_name(
    is_absolute: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    name = f"a_shop_{is_absolute}"
    (tmp_path / name).mkdir()
    (tmp_path / name / "__init__.py").touch()
    (tmp_path / name / "orders.py").write_text("PRICE = 40\n")
    (tmp_path / name / "desk.py").write_text(f"from {name}.orders import PRICE\n")
    told = f"{tmp_path}/{name}" if is_absolute else name
    folders = [] if is_absolute else [str(tmp_path)]
    assert own_code.loaded(f"{told}/desk.py:PRICE", folders) == 40
