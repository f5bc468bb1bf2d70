"""The push operations of A2A: who is to be told of a task. A courier (`routing.push`) does the telling."""

import base64
import binascii
from collections.abc import Awaitable, Callable
from uuid import UUID

from routing.delivery.borrowed import require_own_name
from routing.delivery.hooks import require_push
from routing.delivery.opening import route_for
from routing.delivery.switchboard import Switchboard
from routing.errors import TaskNotFound
from routing.limits import PAGE_SIZE
from routing.record import Json, Record
from routing.services import pushes
from security.errors import InvalidInput
from security.principals import Principal
from security.rows import ask

TaskOf = Callable[[Principal, str, str, int | None], Awaitable[Record]]


class Pushes:
    """`task`: the caller's own task with an agent, or `TaskNotFound`."""

    def __init__(self, switchboard: Switchboard, task: TaskOf) -> None:
        self._switchboard = switchboard
        self._task = task

    async def create(
        self, principal: Principal, slug: str, task_id: str, config: Json, dialect: str = "1.0"
    ) -> Json:
        """A2A TaskPushNotificationConfig as it was kept. One that is there under this id is replaced.

        It is told what happens from now on. Of a task that has ended that is nothing; the config is kept all the same.
        """
        found = await self._found(principal, slug, task_id)
        await require_own_name(principal)
        hook = pushes.checked(config, dialect)
        return pushes.shown(await ask(pushes.keep_push, found.id, hook), hook)

    async def get(self, principal: Principal, slug: str, task_id: str, config_id: str) -> Json:
        found = await self._found(principal, slug, task_id)
        config = await ask(pushes.push_of, found.id, config_id)
        if config is None:
            raise TaskNotFound(f"The task has no push config {config_id!r}.")
        return pushes.shown(config)

    async def list(
        self,
        principal: Principal,
        slug: str,
        task_id: str,
        page_size: int = PAGE_SIZE,
        page_token: str = "",
    ) -> tuple[list[Json], str]:
        """One page, oldest first, and the token of the next: empty on the last one."""
        found = await self._found(principal, slug, task_id)
        rows = await ask(pushes.pushes_of, found.id, _after(page_token), page_size + 1)
        more = len(rows) > page_size
        told = [pushes.shown(each) for each in rows[:page_size]]
        return told, _token(rows[page_size - 1].id) if more else ""

    async def delete(self, principal: Principal, slug: str, task_id: str, config_id: str) -> None:
        """Deleting what is not there is no error."""
        found = await self._found(principal, slug, task_id)
        await ask(pushes.drop_push, found.id, config_id)

    async def _found(self, principal: Principal, slug: str, task_id: str) -> Record:
        require_push(route_for(self._switchboard, principal, slug))
        return await self._task(principal, slug, task_id, 0)


def _token(row: UUID) -> str:
    return base64.urlsafe_b64encode(row.bytes).decode().rstrip("=")


def _after(token: str) -> UUID | None:
    """Raises `InvalidInput` for one that no page gave."""
    if not token:
        return None
    try:
        return UUID(bytes=base64.b64decode(token + "==", altchars=b"-_", validate=True))
    except (ValueError, binascii.Error):
        what = "is not one that a page of this list gave"
        raise InvalidInput(f"pageToken: {what}", fields={"pageToken": what}) from None
