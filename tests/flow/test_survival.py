"""What is killed comes back, and nothing that was acknowledged is lost."""

import json
import os
import signal
import threading
import time
from collections.abc import Iterator

import pytest

from tests.system import System, texts, until

pytestmark = pytest.mark.timeout(240)
TERMINAL = {"TASK_STATE_COMPLETED", "TASK_STATE_FAILED", "TASK_STATE_CANCELED"}


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    with System() as system:
        yield system


def test_a_killed_process_is_back_before_the_next_answer(system):
    assert texts(system.send("echo", "before", "kill-0")) == "before"
    until(lambda: len(system.pids("echo")) == 1)
    (pid,) = system.pids("echo")
    os.kill(pid, signal.SIGKILL)
    began = time.monotonic()
    task = system.send("echo", "after", "kill-1")
    elapsed = time.monotonic() - began
    assert texts(task) == "after"
    # Not a benchmark: the bound is what a person calls "at once", far above what it takes.
    assert elapsed < 5.0
    assert until(lambda: system.pids("echo")) != [pid]


def test_with_two_processes_a_steady_stream_sees_no_failure(system):
    status, _ = system.http("POST", "/api/v1/plugins/echo/scale", {"replicas": 2})
    assert status == 202
    until(lambda: len(system.pids("echo")) == 2, 20)
    states: list[str] = []
    ended = threading.Event()

    def stream() -> None:
        while not ended.is_set():
            number = len(states)
            states.append(system.send("echo", "x", f"steady-{number}")["status"]["state"])

    threads = [threading.Thread(target=stream) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        time.sleep(0.7)
        os.kill(until(lambda: system.pids("echo"))[0], signal.SIGKILL)
        until(lambda: len(system.pids("echo")) == 2, 20)
    ended.set()
    for thread in threads:
        thread.join()
    assert len(states) > 20
    assert set(states) == {"TASK_STATE_COMPLETED"}
    system.http("POST", "/api/v1/plugins/echo/scale", {"replicas": 1})


def test_a_killed_web_loses_no_acknowledged_task(system):
    acknowledged = [
        system.send("slow-echo", "x", f"web-{n}", returnImmediately=True)["id"] for n in range(200)
    ]
    os.kill(system.child("web"), signal.SIGKILL)
    until(lambda: system.get("/health")[0] == 200, 30)

    def states() -> set[str]:
        found = [
            system.rpc("slow-echo", "GetTask", {"id": task})["result"]["status"]["state"]
            for task in acknowledged
        ]
        assert len(found) == 200
        return set(found)

    until(lambda: states() <= TERMINAL, 60, every=1)


@pytest.mark.parametrize("method", ["SendMessage", "SendStreamingMessage"])
def test_a_web_that_is_told_to_stop_hands_over_its_tasks(system, method):
    """Who waits there is answered with the task as it is; the gateway, or the next web, goes on with it."""
    asked = {
        "messageId": f"stop-{method}",
        "role": "ROLE_USER",
        "parts": [{"text": "x"}],
        "metadata": {"delay": 6},
    }
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": {"message": asked}}
    heard: list[tuple[int, object]] = []
    caller = threading.Thread(
        target=lambda: heard.append(system.http("POST", "/a2a/slow-echo/", body))
    )
    caller.start()
    before = system.child("web")
    time.sleep(1.0)
    os.kill(before, signal.SIGTERM)
    caller.join(20)
    ((status, answer),) = heard
    assert status == 200
    assert "TASK_STATE_WORKING" in str(answer)
    assert "TASK_STATE_FAILED" not in str(answer)
    until(lambda: system.child("web") != before and system.get("/health")[0] == 200, 30)
    told = (
        answer
        if method == "SendMessage"
        else json.loads(answer.partition("data: ")[2].splitlines()[0])
    )
    task = {"id": told["result"]["task"]["id"]}
    got = until(lambda: _over(system.rpc("slow-echo", "GetTask", task)["result"]), 40, every=0.5)
    assert texts(got) == "x"


def _over(task):
    return task if task["status"]["state"] == "TASK_STATE_COMPLETED" else None


def test_a_restarted_supervisor_takes_its_processes_back(system):
    before = until(lambda: system.pids("echo"))
    os.kill(system.child("node"), signal.SIGKILL)
    assert texts(system.send("echo", "meanwhile", "adopt-1")) == "meanwhile"
    events = until(lambda: adopted(system), 30, every=0.5)
    assert events
    assert system.pids("echo") == before


def adopted(system: System) -> list[dict[str, object]]:
    _, answer = system.get("/api/v1/plugins/echo/events")
    return [event for event in answer["results"] if event["type"] == "adopted"]
