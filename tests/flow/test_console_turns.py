"""Turns on a task's page: what tools did, which process answered, what came of what, what is remembered."""

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from plugins_app.models import PluginEvent
from routing.models import ConversationMemory, Task, TaskEvent
from tests.callers import console
from tests.factories import make_agent, make_instance, make_message, make_plugin, make_task

pytestmark = pytest.mark.django_db
USAGE = {"model": "demo-1", "inputTokens": 120, "outputTokens": 35, "cost": 0.0042}


def shown(task: Task, role: str = "admin") -> str:
    """The words of its page."""
    page = console(role).get(f"/tasks/{task.id}/").content.decode()
    text = re.sub(r"<[^>]+>", " ", page[page.index("<main") :])
    return re.sub(r"\s+", " ", html.unescape(text))


def tool(kind: str, **data: Any) -> dict[str, Any]:
    told = {"id": "a", "name": "weather", **data}
    return {"data": told, "metadata": {"agentx": {"kind": kind}}}


def say(task: Task, seq: int, state: str, part: dict[str, Any] | None = None, **more: Any) -> None:
    """An event of the log, and what it says as a message."""
    payload: dict[str, Any] = {"state": f"TASK_STATE_{state}", **more}
    if part is not None:
        row = make_message(task, role="agent")
        row.message["parts"] = [part]
        row.save()
        payload["message"] = row.message
    TaskEvent.objects.create(task=task, seq=seq, kind="status", payload=payload)


def test_a_tool_stands_beside_what_came_of_it() -> None:
    task = make_task(make_agent("echo"))
    say(task, 2, "WORKING", tool("tool_call", arguments={"city": "Oslo"}))
    say(task, 3, "WORKING", tool("tool_result", error="<b>no</b>"))
    page = shown(task)
    assert re.search(r'weather {"city": "Oslo"} → <b>no</b>( [0-9]+ ms)? failed', page)
    assert "calls weather" in page and "weather failed" in page
    raw = console("admin").get(f"/tasks/{task.id}/").content.decode()
    assert "<b>no</b>" not in raw


def test_each_turn_says_who_ended_it_as_it_was_then() -> None:
    plugin = make_plugin("graphs", framework="langgraph", version="2.0.0")
    process = make_instance(plugin, pid=222)
    before = timezone.now() - timedelta(hours=1)
    births = ((before, 111, "1.0.0"), (timezone.now() - timedelta(seconds=1), 222, "2.0.0"))
    for time, pid, version in births:
        PluginEvent.objects.create(
            plugin=plugin,
            instance=process,
            type="initialized",
            time=time,
            data={"pid": pid, "version": version},
        )
    task = make_task(make_agent("asks"))
    say(task, 2, "INPUT_REQUIRED", {"text": "Which?"}, process=str(process.id))
    TaskEvent.objects.filter(task=task, seq=2).update(time=before + timedelta(minutes=1))
    say(task, 3, "COMPLETED", process=str(process.id), metadata={"agentx": {"usage": [USAGE]}})
    page = shown(task)
    assert "langgraph graphs 1.0.0 #0 · pid 111" in page
    assert "langgraph graphs 2.0.0 #0 · pid 222" in page
    assert "120 tokens in, 35 out · 0.0042 USD · demo-1" in page
    line = console("admin").get(f"/tasks/{task.id}/answered/").content.decode()
    assert "pid 222" in line and "pid 111" not in line


def test_a_process_that_is_gone_is_left_out() -> None:
    task = make_task(make_agent("echo"))
    gone = "0190a000-0000-7000-8000-000000000000"
    say(task, 2, "COMPLETED", process=gone, metadata={"agentx": {"usage": "nonsense"}})
    assert "Answered by" not in shown(task)


def test_tasks_that_came_of_one_another_are_a_picture() -> None:
    trace = "ab" * 16
    first = make_task(make_agent("boss", framework="crewai"), trace=trace)
    second = make_task(make_agent("worker", framework="langgraph"), parent=first, trace=trace)
    third = make_task(make_agent("clerk", framework="mastra"), parent=second, trace=trace)
    alone = make_task(make_agent("alone"))
    for task in (first, second, third):
        page = shown(task)
        assert "Tasks that belong together 3 tasks" in page
        assert page.index("boss") < page.index("worker") < page.index("clerk")
    assert "belong together" not in shown(alone)
    found = console("admin").get(f"/tasks/?trace={trace}").content.decode()
    assert str(third.id) in found and str(alone.id) not in found


def test_a_conversation_is_forgotten() -> None:
    agent = make_agent("keeps", keeps_memory=True)
    plugin = make_plugin("keeper", agents=(agent,))
    task = make_task(agent, context_id="c-1")
    whose = {"owner": task.owner, "scope": "", "context_id": "c-1", "hosted": agent.hosted_by}
    ConversationMemory.objects.create(agent=agent, value=b"x" * 2048, revision=3, **whose)
    page = shown(task)
    assert "What the agent remembers 2.0 KB" in page and "3 times" in page
    assert "c-1" in console("admin").get("/agents/keeps/memory/").content.decode()
    assert "Forget" not in shown(task, "viewer")
    admin = console("admin")
    admin.post(f"/tasks/{task.id}/forget/")
    assert not ConversationMemory.objects.exists()
    assert "What the agent remembers" not in shown(task)
    assert plugin.hosted_agents.count() == 1
