"""All seven in one AgentX: a conversation that passes through them, a circle that ends, memory that outlives everybody."""

import itertools
import os
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from agentx_site.up.options import PROJECT
from tests.frameworks.environments import PLACE
from tests.frameworks.frameworks import FRAMEWORKS, Json
from tests.system import System, texts, until

pytestmark = pytest.mark.timeout(900)
PREPARING = 400.0  # seconds, from nothing, on a busy machine
ORDER = [framework.slug for framework in FRAMEWORKS]
# The innermost has nobody to ask.
WOVEN = "hello"
for name in reversed(ORDER):
    WOVEN = f"{name}({WOVEN})"


class Seven(System):
    """All seven as they come with AgentX, prepared from their locks; what was downloaded is kept for the next time."""

    def __init__(self) -> None:
        super().__init__()
        kept = PLACE / "cache"
        kept.mkdir(mode=0o700, parents=True, exist_ok=True)
        (self.home / "cache").symlink_to(kept, target_is_directory=True)

    def made(self, method: str, path: str, body: Any = None) -> Any:
        status, answer = self.http(method, path, body)
        assert status < 300, (path, status, answer)
        return answer

    def add(self, plugin: str, slug: str, config: Json) -> None:
        self.made("POST", f"/api/v1/plugins/{plugin}/agents", {"slug": slug, "config": config})

    def state(self, agent: str) -> tuple[str, str]:
        told = self.made("GET", f"/api/v1/agents/{agent}")
        return told["state"], told["reason"]

    def ready(self, agent: str) -> None:
        until(lambda: self.state(agent)[0] in ("ready", "error"), 120)
        assert self.state(agent)[0] == "ready", self.state(agent)

    def say(self, agent: str, text: str, context: str = "") -> Json:
        """The task, when it is over."""
        message: Json = {
            "messageId": str(uuid.uuid4()),
            "role": "ROLE_USER",
            "parts": [{"text": text}],
        }
        if context:
            message["contextId"] = context
        answer = self.rpc(agent, "SendMessage", {"message": message})
        assert "result" in answer, answer
        return dict(answer["result"]["task"])


@pytest.fixture(scope="module")
def seven() -> Iterator[Seven]:
    with Seven() as system:
        for slug in ORDER:
            system.made("POST", f"/api/v1/plugins/{slug}/start")
        for slug in ORDER:
            until(lambda slug=slug: system.pids(slug) or _failed(system, slug), PREPARING, 0.5)
            assert system.pids(slug), f"{slug}: {system.plugin(slug)['reason']}"
        yield system


def _failed(system: Seven, slug: str) -> bool:
    return bool(system.plugin(slug)["state"] == "error")


def chain(system: Seven) -> None:
    """Each asks the next one for everything, and says so around what that answered."""
    for slug, following in zip(ORDER, [*ORDER[1:], ""], strict=True):
        config: Json = {"instructions": f"reply: {slug}({{text}})"}
        if following:
            ask = f"ask_chain_{following.replace('-', '_')}"
            lines = (f'use: {ask} {{"message": "{{text}}"}}', f"reply: {slug}({{result}})")
            config = {
                "instructions": "\n".join(lines),
                "tools": [{"agent": f"chain-{following}"}],
            }
        system.add(slug, f"chain-{slug}", config)
    for slug in ORDER:
        system.ready(f"chain-{slug}")


def test_a_message_passes_through_all_seven(seven):
    chain(seven)
    task = seven.say(f"chain-{ORDER[0]}", "hello")
    assert task["status"]["state"] == "TASK_STATE_COMPLETED", task["status"]
    assert texts(task) == WOVEN
    whole = seven.made("GET", f"/api/v1/tasks/{task['id']}")
    tasks = seven.made("GET", f"/api/v1/tasks?trace={whole['trace']}&page_size=50")["results"]
    by_agent = {each["agent"]: each for each in tasks}
    assert set(by_agent) == {f"chain-{slug}" for slug in ORDER}  # one trace
    assert len({each["trace"] for each in tasks}) == 1
    for asking, asked in itertools.pairwise(ORDER):  # each is the child of who asked
        assert by_agent[f"chain-{asked}"]["parent"] == by_agent[f"chain-{asking}"]["id"]
    owners = {str(each.get("owner") or each.get("caller")) for each in tasks}
    assert len(owners) == 1, owners  # in the caller's name, all the way
    assert all(each["usage"]["models"] == ["demo"] for each in tasks)


def test_a_circle_ends_at_the_hop_limit(seven):
    for slug, other in (("langchain", "mastra"), ("mastra", "langchain")):
        instructions = f'use: ask_circle_{other} {{"message": "{{text}}"}}\nreply: {{result}}'
        tools = [{"agent": f"circle-{other}"}]
        seven.add(slug, f"circle-{slug}", {"instructions": instructions, "tools": tools})
    for slug in ("langchain", "mastra"):
        seven.ready(f"circle-{slug}")
    task = seven.say("circle-langchain", "round we go")
    assert task["status"]["state"] == "TASK_STATE_COMPLETED", task["status"]
    assert "circle-langchain" in texts(task)  # the refusal names the chain
    trace = seven.made("GET", f"/api/v1/tasks/{task['id']}")["trace"]
    told = seven.made("GET", f"/api/v1/tasks?trace={trace}&page_size=50")["results"]
    assert len(told) <= 11


@pytest.mark.parametrize("slug", ORDER)
def test_two_turns_at_once_in_one_conversation_lose_nothing(seven, slug):
    agent, context = f"plain-{slug}", str(uuid.uuid4())
    seven.add(slug, agent, {"instructions": "Be brief."})
    seven.ready(agent)
    seven.say(agent, "my name is Ann", context)
    told: list[Json] = []
    sayings = ("my name is Bo !slow 0.02", "first !slow 0.02", "second !slow 0.02")
    threads = [
        threading.Thread(target=lambda text=text: told.append(seven.say(agent, text, context)))
        for text in sayings
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(texts, told)) == sorted(f"You said: {text}" for text in sayings)
    assert texts(seven.say(agent, "what is my name", context)) == "Your name is Bo."


@pytest.mark.parametrize("slug", ORDER)
def test_memory_outlives_kill_9(seven, slug):
    agent, context = slug, str(uuid.uuid4())
    seven.say(agent, "my name is Ann", context)
    (pid,) = seven.pids(slug)
    os.kill(pid, signal.SIGKILL)
    until(lambda: not psutil.pid_exists(pid) and seven.pids(slug) not in ([], [pid]), 60)
    assert "Ann" in texts(seven.say(agent, "what is my name", context))


def test_the_command_line_talks_to_them(seven):
    program = [sys.executable, "-m", "agentx_site.cli", "send", "langchain", "hello"]
    environment = os.environ | {"AGENTX_HOME": str(seven.home)}
    done = subprocess.run(
        program, cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, "You said: hello" in done.stdout) == (0, True), done.stderr
