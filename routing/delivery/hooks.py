"""The webhook that a message brings with it: refused before anything happens, kept before the agent can answer."""

from typing import Final

from routing.errors import PushNotificationNotSupported
from routing.record import Record
from routing.requests import Send
from routing.routes import Route
from routing.services import pushes
from routing.services.pushes import Hook
from security.rows import ask

INLINE: Final = "configuration.taskPushNotificationConfig."


def require_push(route: Route) -> None:
    """Raises `PushNotificationNotSupported`."""
    if not route.profile.push:
        raise PushNotificationNotSupported(f"The agent {route.slug} sends no push notifications.")


def wanted(route: Route, send: Send) -> Hook | None:
    """Raises `InvalidInput` for one that may not be told."""
    if send.push is None:
        return None
    require_push(route)
    return pushes.checked(send.push, send.dialect, INLINE)


async def keep_wanted(opened: Record, hook: Hook) -> None:
    """Of a turn whose opening is committed, which it is told first, as a stream is."""
    await ask(pushes.keep_push, opened.id, hook, opened.seq - 1)


async def keep_missed(task: Record, hook: Hook) -> None:
    """Of a message that was sent before: its first process may have been killed before it kept the webhook."""
    await ask(pushes.keep_push_once, task.id, hook)
