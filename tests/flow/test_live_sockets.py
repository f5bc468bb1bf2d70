"""WebSockets as a browser uses them: who may connect, what arrives, and who is let go."""

import asyncio

import pytest
from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore

from monitoring import broadcast, consumers
from monitoring.frames import Kind
from monitoring.models import MetricPoint, Sample
from monitoring.selectors import overview
from monitoring.services import take_sample
from monitoring.sockets import websocket_urlpatterns
from plugins_app.models import Preparation
from plugins_app.services import preparations, set_replicas
from plugins_app.signals import log_lines_written
from registry.signals import agent_changed
from routing.signals import PushChanged, TaskChanged, push_changed, tasks_changed
from security import services
from security.principals import system
from security.sessions import session_principal
from tests.factories import (
    make_agent,
    make_instance,
    make_key,
    make_node,
    make_plugin,
    make_release,
    make_task,
    make_user,
)

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.asyncio,
]
application = URLRouter(websocket_urlpatterns)
in_thread = database_sync_to_async


def session_of(user):
    session = SessionStore()
    session[SESSION_KEY] = str(user.id)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return session


class Socket:
    """`async with Socket("/ws/metrics", key=…) as socket:`; `opened` and `code` say how it went."""

    def __init__(self, path, *, key=None, session=None, headers=()):
        given = [(b"host", b"testserver"), *headers]
        if key:
            given.append((b"authorization", f"Bearer {key}".encode()))
        if session:
            given.append((b"cookie", f"sessionid={session.session_key}".encode()))
        self.wire = WebsocketCommunicator(application, path, headers=given)

    async def __aenter__(self):
        self.opened, self.code = await self.wire.connect(timeout=5)
        return self

    async def __aexit__(self, *_):
        if self.opened:
            await self.wire.disconnect()

    async def frame(self):
        return await self.wire.receive_json_from(timeout=5)

    async def closed(self):
        told = await self.wire.receive_output(timeout=5)
        assert told["type"] == "websocket.close"
        self.opened = False
        return told["code"]


async def make(function, *arguments, **named):
    return await in_thread(function)(*arguments, **named)


@pytest.mark.parametrize(
    "path", ["/ws/metrics", "/ws/events", "/ws/plugins/echo/logs", "/ws/tasks/{task}"]
)
async def test_a_stranger_is_refused(path):
    plugin_and_task = await make(lambda: (make_plugin(), make_task(make_agent("a"))))
    async with Socket(path.format(task=plugin_and_task[1].id)) as socket:
        assert (socket.opened, socket.code) == (False, 4401)


async def test_a_made_up_key_is_refused():
    async with Socket("/ws/metrics", key="agx_nobody_knows") as socket:
        assert (socket.opened, socket.code) == (False, 4401)


async def test_a_role_that_may_not_is_refused():
    await make(make_plugin)
    _, key = await make(make_key, role="viewer")
    async with Socket("/ws/plugins/echo/logs", key=key) as socket:
        assert (socket.opened, socket.code) == (False, 4403)


async def test_a_task_of_somebody_else_looks_missing():
    task = await make(lambda: make_task(make_agent("a")))
    _, key = await make(make_key, role="developer")
    async with Socket(f"/ws/tasks/{task.id}", key=key) as socket:
        assert (socket.opened, socket.code) == (False, 4404)


async def test_a_page_of_another_site_is_refused():
    session = await make(lambda: session_of(make_user()))
    evil = [(b"origin", b"http://testserver:3000")]
    async with Socket("/ws/metrics", session=session, headers=evil) as socket:
        assert (socket.opened, socket.code) == (False, 4403)
    own = [(b"origin", b"http://testserver")]
    async with Socket("/ws/metrics", session=session, headers=own) as socket:
        assert socket.opened


async def test_frames_equal_a_reload():
    """What a page shows after applying frames is what it would show after loading anew."""
    user = await make(make_user)
    session = await make(session_of, user)
    principal = await make(session_principal, {"sessionid": session.session_key})
    await make(lambda: make_instance(make_plugin(agents=(make_agent(),)), rss_bytes=1000))
    await make(take_sample)
    before = await make(overview, principal)
    async with Socket("/ws/metrics", session=session) as socket:
        await make(lambda: make_task(make_agent("busy"), state="WORKING"))
        await make(take_sample)
        frame = await socket.frame()
    assert frame["seq"] == before["seq"] + 1
    assert frame == await make(overview, principal)
    assert frame["data"]["tasks_running"] == 1
    assert frame["data"]["rss_bytes"] == 1000
    assert frame["data"]["agents"] == {"ready": 2}
    assert await make(MetricPoint.objects.filter(name="rss_bytes").count) == 2
    assert await make(Sample.objects.count) == 2


async def test_an_installation_is_shown_while_it_goes_on():
    user = await make(make_user, "vera", "viewer")
    release = await make(lambda: make_release(make_plugin(), "2.0.0"))
    node = await make(make_node)
    claimed = {"state": "unpacking", "attempts": 1}
    row = await make(lambda: Preparation.objects.create(release=release, node=node, **claimed))
    async with Socket("/ws/events", session=await make(session_of, user)) as socket:
        await make(preparations.progress, row.id, 1, "environment", 40, ["Downloading"])
        frame = await socket.frame()
    told = {"id": str(row.id), "plugin": "echo", "release": str(release.id), "version": "2.0.0"}
    now = {"node": node.name, "state": "environment", "progress": 40, "reason": ""}
    assert (frame["kind"], frame["data"]) == ("preparation", told | now)


async def test_events_show_what_the_caller_may_see():
    plugin = await make(make_plugin)
    user = await make(make_user, "vera", "viewer")
    async with Socket("/ws/events", session=await make(session_of, user)) as socket:
        # An audited deed: the viewer sees the plugin change and its event, not the audit.
        await make(
            services.create_user, system("t"), username="x", password="Zq9-plum-tree", role="viewer"
        )
        await make(set_replicas, plugin, 3, "olga")
        frames = [await socket.frame(), await socket.frame()]
    assert {frame["kind"] for frame in frames} == {"plugin", "plugin_event"}
    assert next(f for f in frames if f["kind"] == "plugin")["data"]["desired_replicas"] == 3


async def test_an_auditor_sees_deeds():
    user = await make(make_user, "audra", "auditor")
    async with Socket("/ws/events", session=await make(session_of, user)) as socket:
        await make(
            services.create_user, system("t"), username="x", password="Zq9-plum-tree", role="viewer"
        )
        frame = await socket.frame()
    assert (frame["kind"], frame["data"]["action"]) == ("audit", "user.created")


@pytest.mark.parametrize(("role", "hears"), [("operator", "push"), ("developer", "agent")])
async def test_attempts_to_tell_webhooks_are_shown_to_who_sees_all_tasks(role, hears):
    user = await make(make_user, "olga", role)
    agent = await make(make_agent, "a")
    async with Socket("/ws/events", session=await make(session_of, user)) as socket:
        push_changed.send(None, change=PushChanged("t", "c", 2, "dead"))
        await asyncio.to_thread(broadcast.flush)
        agent_changed.send(None, agent=agent)
        frame = await socket.frame()
    assert frame["kind"] == hears
    if hears == "push":
        assert frame["data"] == {"changes": [{"task": "t", "event": 2, "outcome": "dead"}]}


async def test_a_task_page_hears_of_its_own_task_only():
    user = await make(make_user)
    task = await make(lambda: make_task(make_agent("a"), state="WORKING"))
    async with Socket(f"/ws/tasks/{task.id}", session=await make(session_of, user)) as socket:
        other = TaskChanged("0" * 32, "a", "jsonrpc", "WORKING", opened=True)
        mine = TaskChanged(str(task.id), "a", "jsonrpc", "COMPLETED", closed=True, seconds=0.5)
        tasks_changed.send(
            sender=None, changes=[other, mine]
        )  # in the event loop, as the journal does
        frame = await socket.frame()
        assert frame["kind"] == "task"
        assert frame["data"] == {
            "task": str(task.id),
            "agent": "a",
            "state": "COMPLETED",
            "opened": False,
            "closed": True,
            "seconds": 0.5,
        }
        assert await socket.wire.receive_nothing(timeout=0.3)


async def test_log_lines_of_the_plugin_arrive():
    await make(make_plugin)
    _, key = await make(make_key, role="developer")
    async with Socket("/ws/plugins/echo/logs", key=key) as socket:
        for slug in ("other", "echo"):
            lines = [{"text": f"hello from {slug}", "level": "info"}]
            log_lines_written.send(None, plugin_slug=slug, instance_id="1", lines=lines)
        frame = await socket.frame()
    assert frame["kind"] == "log"
    assert [line["text"] for line in frame["data"]["lines"]] == ["hello from echo"]


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(consumers, "RECHECK_SECONDS", 0.1)


async def test_a_revoked_key_is_disconnected(impatient):
    row, key = await make(make_key, role="viewer")
    async with Socket("/ws/metrics", key=key) as socket:
        assert socket.opened
        await asyncio.sleep(0.3)
        await make(services.revoke_api_key, system("t"), row.id)
        assert await socket.closed() == 4401


async def test_a_role_that_was_taken_away_disconnects(impatient):
    user = await make(make_user, "olga", "operator")
    await make(make_plugin)
    session = await make(session_of, user)
    async with Socket("/ws/plugins/echo/logs", session=session) as socket:
        assert socket.opened
        await make(services.set_user_role, system("t"), "olga", "viewer")
        assert await socket.closed() == 4403


async def test_who_logs_out_is_disconnected(impatient):
    session = await make(lambda: session_of(make_user()))
    async with Socket("/ws/metrics", session=session) as socket:
        assert socket.opened
        await make(session.delete)
        assert await socket.closed() == 4401


async def test_many_changes_become_few_frames():
    layer = get_channel_layer()
    channel = await layer.new_channel()
    await layer.group_add(broadcast.group_of(Kind.TASKS), channel)
    for number in range(100):
        tasks_changed.send(None, changes=[TaskChanged(str(number), "a", "x", "WORKING")])
        await asyncio.sleep(0.005)
    seen, frames = [], 0
    while len(seen) < 100:
        told = await asyncio.wait_for(layer.receive(channel), 5)
        seen += [change["task"] for change in told["frame"]["data"]["changes"]]
        frames += 1
    assert seen == [str(number) for number in range(100)]
    assert frames <= 25
