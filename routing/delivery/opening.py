"""Open a turn: rights, the agent's route, the task's rows. What comes back is under way and committed."""

import time
from collections import OrderedDict
from typing import Final

import orjson
from django.conf import settings
from uuid_utils import uuid7

from plugins_app.client.codec import Turn
from registry.cards import ROUTER
from registry.errors import AgentNotFound
from routing.delivery.run import Run
from routing.delivery.switchboard import Switchboard
from routing.errors import EntryRefused, StaleTask, UnsupportedOperation
from routing.journal import Change, NewMessage
from routing.limits import MAX_HISTORY_BYTES, MAX_TURN_SECONDS
from routing.record import Json, Record, after, now, status_of
from routing.requests import Send
from routing.routes import Route
from routing.selectors import is_foreign_context, record
from security import permissions
from security.errors import Conflict, InvalidInput, Unavailable
from security.principals import Principal
from security.rows import ask

REMEMBERED_CONTEXTS: Final = 10_000


def route_for(switchboard: Switchboard, principal: Principal, slug: str) -> Route:
    """The agent's route, for who may call it. A stranger is not told which closed agents exist.

    The front door, `router`, stands for the agent that AGENTX_DEFAULT_AGENT names.
    """
    route = switchboard.routes.get(settings.DEFAULT_AGENT if slug == ROUTER else slug)
    if route is None or not route.is_open:
        principal.require(permissions.AGENTS_CALL)
    if route is None and slug == ROUTER:
        raise AgentNotFound(
            "No default agent is set here: send to /a2a/{agent}/ of the one you want."
        )
    if route is None:
        raise AgentNotFound(f"There is no agent {slug!r}.")
    return route


class Openings:
    """Begins turns. Remembers which contexts belong to whom, so that a conversation asks the database once."""

    def __init__(self, switchboard: Switchboard) -> None:
        self._switchboard = switchboard
        self._contexts: OrderedDict[tuple[str, str, str], None] = OrderedDict()

    async def begin(self, principal: Principal, slug: str, send: Send, *, live: bool) -> Run:
        """Raises what may be told: see `Switchboard`'s callers in `routing.delivery.operations`."""
        route = route_for(self._switchboard, principal, slug)
        route.require_usable()
        if not self._switchboard.accepts:
            raise Unavailable("This AgentX process is going down. Try again.")
        try:
            if "taskId" in send.message:
                return await self._go_on(principal, route, send, live)
            return await self._open(principal, route, send, live)
        except EntryRefused as refused:
            raise InvalidInput(f"The message cannot be kept: {refused}.") from None

    async def _open(self, principal: Principal, route: Route, send: Send, live: bool) -> Run:
        """A new task, in the context that the caller names or in a new one."""
        if context_id := send.message.get("contextId"):
            await self._require_own_context(principal, route, context_id)
        opened = self._new_record(principal, route, context_id or str(uuid7()))
        opened.door = send.door
        message = send.message | {"taskId": opened.id, "contextId": opened.context_id}
        opened.history.append(message)
        await self._switchboard.journal.open(opened, NewMessage(message, "user", send.intent))
        turn = _turn(principal, opened, message, [], send)
        return self._switchboard.begin(opened, turn, live=live)

    def _new_record(self, principal: Principal, route: Route, context_id: str) -> Record:
        moment = now()
        # With a process at hand the agent is at work at once; else the task says that it waits for one.
        state = "WORKING" if self._switchboard.routes.usable(route.slug) else "SUBMITTED"
        return Record(
            id=str(uuid7()),
            agent_id=route.agent_id,
            agent_slug=route.slug,
            owner=principal.subject,
            owner_label=principal.label,
            tenant=str(principal.tenant_id) if principal.tenant_id else None,
            context_id=context_id,
            state=state,
            status=status_of(state, moment),
            updated=moment,
            opened=moment,
            request_id=principal.request_id,
            lease_owner=self._switchboard.owner,
        )

    async def _go_on(self, principal: Principal, route: Route, send: Send, live: bool) -> Run:
        """The next message of a task that waits for one."""
        before = await ask(record, principal.subject, route.agent_id, send.message["taskId"])
        _require_open_to(before, send.message)
        message = send.message | {"contextId": before.context_id}
        history = list(before.history)
        working = status_of("WORKING", now())
        going_on, events = after(before, [("message", message), ("status", working)])
        going_on.lease_owner = self._switchboard.owner
        going_on.reason = ""
        step = Change(before, going_on, events, [NewMessage(message, "user", send.intent)])
        try:
            await self._switchboard.journal.change(step)
        except StaleTask:
            raise Conflict("Another message for this task came first. Read it again.") from None
        turn = _turn(principal, going_on, message, history, send)
        return self._switchboard.begin(going_on, turn, live=live)

    async def _require_own_context(
        self, principal: Principal, route: Route, context_id: str
    ) -> None:
        """Agents key their memory by the context: somebody else's must not be entered by naming it."""
        key = (principal.subject, route.agent_id, context_id)
        if key not in self._contexts and await ask(is_foreign_context, *key):
            raise InvalidInput(
                "This contextId cannot be used; leave it out to begin a new conversation.",
                fields={"message.contextId": "not one of yours"},
            )
        self._contexts[key] = None
        self._contexts.move_to_end(key)
        if len(self._contexts) > REMEMBERED_CONTEXTS:
            self._contexts.popitem(last=False)


def _require_open_to(task: Record, message: Json) -> None:
    """A2A's rules for a message that names a task."""
    if message.get("contextId", task.context_id) != task.context_id:
        raise InvalidInput(
            "The task belongs to another contextId; leave contextId out.",
            fields={"message.contextId": "not the task's"},
        )
    if task.is_terminal:
        raise UnsupportedOperation(
            f"The task has ended ({task.state}) and takes no more messages; send one without taskId."
        )
    if not task.is_interrupted:
        raise UnsupportedOperation("The agent is at work on this task; wait for it or cancel it.")


def _turn(
    principal: Principal, task: Record, message: Json, history: list[Json], send: Send
) -> Turn:
    return Turn(
        agent=task.agent_slug,
        message=message,
        task_id=task.id,
        context_id=task.context_id,
        caller="" if principal.is_anonymous else principal.label,
        request_id=principal.request_id,
        history=newest_that_fit(history),
        deadline_ms=int((time.time() + MAX_TURN_SECONDS) * 1000),
        metadata=send.metadata,
        accepted_output_modes=send.accepted_output_modes,
    )


def newest_that_fit(history: list[Json], limit: int = MAX_HISTORY_BYTES) -> list[Json]:
    """The newest messages whose JSON has at most so many bytes together, oldest first."""
    fitting: list[Json] = []
    for message in reversed(history):
        limit -= len(orjson.dumps(message))
        if limit < 0:
            break
        fitting.append(message)
    return fitting[::-1]
