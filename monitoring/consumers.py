"""WebSockets: live frames to whoever may see them. Rights are checked at connect and every few seconds after.

A consumer never queries per frame: it passes on what others have put into its channel groups.
"""

import asyncio
import json
import logging
from collections.abc import Mapping
from typing import Any, ClassVar, Final
from urllib.parse import urlsplit

from asgiref.sync import sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.db import connection

from monitoring import metrics
from monitoring.broadcast import group_of
from monitoring.frames import Kind
from plugins_app.selectors import access_plugin
from routing.selectors import access_task
from security import permissions
from security.errors import Forbidden, PublicError
from security.principals import Principal
from security.sessions import socket_principal

log = logging.getLogger(__name__)
NOT_AUTHENTICATED: Final = 4401
FORBIDDEN: Final = 4403
NOT_FOUND: Final = 4404
TOO_SLOW: Final = 4408
RECHECK_SECONDS: Final = 5.0
# A reader that takes nothing for so long is let go, rather than gathering frames for it without end.
SEND_SECONDS: Final = 10.0
EVENT_KINDS: Final[dict[Kind, str]] = {
    Kind.AGENT: permissions.AGENTS_VIEW,
    Kind.NODE: permissions.NODES_VIEW,
    Kind.PLUGIN: permissions.PLUGINS_VIEW,
    Kind.PROCESS: permissions.PLUGINS_VIEW,
    Kind.PLUGIN_EVENT: permissions.PLUGINS_VIEW,
    Kind.PREPARATION: permissions.PLUGINS_VIEW,
    Kind.SCALING: permissions.AUTOSCALING_VIEW,
    Kind.ALERT: permissions.ALERTS_VIEW,
    Kind.AUDIT: permissions.AUDIT_VIEW,
    Kind.PUSH: permissions.TASKS_VIEW_ALL,
}


def close_code(error: PublicError) -> int:
    """401 and 403 and 404 as WebSocket close codes."""
    return {401: NOT_AUTHENTICATED, 403: FORBIDDEN, 404: NOT_FOUND}.get(error.http_status, 1011)


class LiveConsumer(AsyncWebsocketConsumer):
    """Joins the groups that `groups_for` allows; sends every frame as JSON text.

    Before it is accepted a connection is closed with 4401 (nobody known), 4403 (may not, or another site's page) or
    4404 (no such thing): servers answer the handshake with 403. A right that ends later closes it with the same codes.
    """

    name: ClassVar[str]
    joined: frozenset[str] = frozenset()
    watch: asyncio.Task[None] | None = None

    def groups_for(self, principal: Principal) -> frozenset[str]:
        """The channel groups this caller may see here; sync, may query. Raises `PublicError`."""
        raise NotImplementedError

    async def connect(self) -> None:
        try:
            _require_same_site(self.scope)
            wanted = await self._allowed()
        except PublicError as error:
            metrics.live_connections.labels(self.name, error.code).inc()
            await self.close(close_code(error))
            return
        await self._join(wanted)
        await self.accept()
        metrics.live_connections.labels(self.name, "accepted").inc()
        self.watch = asyncio.create_task(self._keep_checking())

    async def disconnect(self, code: int) -> None:
        if self.watch is not None:
            self.watch.cancel()
        await self._join(frozenset())

    async def live_frame(self, message: dict[str, Any]) -> None:
        """A frame from a channel group."""
        await self.send_frame(message["frame"])

    async def send_frame(self, told: dict[str, Any]) -> None:
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await self.send(json.dumps(told, separators=(",", ":")))
        except TimeoutError:
            await self.close(TOO_SLOW)

    async def _allowed(self) -> frozenset[str]:
        # Not thread-sensitive: one slow query must not hold up every other socket.
        return await sync_to_async(self._ask, thread_sensitive=False)()

    def _ask(self) -> frozenset[str]:
        try:
            return self.groups_for(socket_principal(self.scope))
        finally:
            connection.close()  # nothing is held between two looks

    async def _join(self, wanted: frozenset[str]) -> None:
        for group in wanted - self.joined:
            await self.channel_layer.group_add(group, self.channel_name)
        for group in self.joined - wanted:
            await self.channel_layer.group_discard(group, self.channel_name)
        self.joined = wanted

    async def _keep_checking(self) -> None:
        """Rights are not forever: a key is revoked, a role taken, somebody logs out."""
        while True:
            await asyncio.sleep(RECHECK_SECONDS)
            try:
                await self._join(await self._allowed())
            except PublicError as error:
                await self.close(close_code(error))
                return


def _require_same_site(scope: Mapping[str, Any]) -> None:
    """A page of another origin must not use its reader's session: cookies ignore ports, and SameSite does too."""
    headers = dict(scope["headers"])
    origin = headers.get(b"origin", b"").decode("latin-1")
    host = headers.get(b"host", b"").decode("latin-1")
    if not origin or urlsplit(origin).netloc.lower() == host.lower():
        return
    if urlsplit(origin).netloc.lower() != urlsplit(settings.PUBLIC_URL).netloc.lower():
        raise Forbidden("Pages of other sites may not connect.")


class MetricsConsumer(LiveConsumer):
    """`/ws/metrics`: a numbered frame of all figures every two seconds."""

    name = "metrics"

    def groups_for(self, principal: Principal) -> frozenset[str]:
        principal.require(permissions.METRICS_VIEW)
        return frozenset({group_of(Kind.METRICS)})


class EventsConsumer(LiveConsumer):
    """`/ws/events`: what happens, of the kinds this caller may see."""

    name = "events"

    def groups_for(self, principal: Principal) -> frozenset[str]:
        seen = {kind for kind, permission in EVENT_KINDS.items() if principal.may(permission)}
        if not seen:
            principal.require(permissions.AGENTS_VIEW)
        return frozenset(group_of(kind) for kind in seen)


class TaskConsumer(LiveConsumer):
    """`/ws/tasks/{id}`: one frame per change of this task."""

    name = "task"

    def groups_for(self, principal: Principal) -> frozenset[str]:
        access_task(principal, self._task_id)
        return frozenset({group_of(Kind.TASKS)})

    @property
    def _task_id(self) -> str:
        return str(self.scope["url_route"]["kwargs"]["task_id"])

    async def live_frame(self, message: dict[str, Any]) -> None:
        told = message["frame"]
        for change in told["data"]["changes"]:
            if change["task"] == self._task_id:
                await self.send_frame({"kind": "task", "time": told["time"], "data": change})


class LogConsumer(LiveConsumer):
    """`/ws/plugins/{slug}/logs`: what the plugin's processes write, a few times a second."""

    name = "logs"

    def groups_for(self, principal: Principal) -> frozenset[str]:
        principal.require(permissions.PLUGINS_LOGS)
        plugin = access_plugin(principal, self.scope["url_route"]["kwargs"]["slug"])
        return frozenset({group_of(Kind.LOG, plugin.slug)})
