"""Open a turn: rights, the agent's route, the task's rows. What comes back is under way and committed."""

from collections import OrderedDict
from typing import Final

from django.conf import settings
from uuid_utils import uuid7

from plugins_app.client.codec import Turn
from registry.cards import ROUTER
from registry.errors import AgentNotFound
from registry.models import Agent
from routing.delivery.borrowed import require_own_name
from routing.delivery.hooks import keep_missed, keep_wanted, wanted
from routing.delivery.media import require_taken
from routing.delivery.repeats import earlier, once_of
from routing.delivery.run import Run
from routing.delivery.switchboard import Switchboard
from routing.delivery.turns import request_of, trace_of, turn_of
from routing.errors import EntryRefused, StaleTask, TooManyHops, UnsupportedOperation
from routing.journal import Change, Claim, NewMessage, Once
from routing.limits import MAX_TURN_SECONDS
from routing.record import Json, Record, after, now, status_of
from routing.requests import Send
from routing.routes import Route
from routing.selectors.records import is_foreign_context, record
from security import context, permissions
from security.errors import Conflict, InvalidInput, NotAuthenticated, Unavailable
from security.principals import Grant, Principal
from security.rows import ask

REMEMBERED_CONTEXTS: Final = 10_000
TURN_IS_OVER: Final = (
    "The turn whose token this is has ended, and with it the right to call other agents."
)


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
        self._contexts: OrderedDict[tuple[str, str, str, str], None] = OrderedDict()

    async def begin(
        self, principal: Principal, slug: str, send: Send, *, live: bool
    ) -> Run | Record:
        """The turn; or the task that this very message made before, when it is to be taken once.

        Raises what may be told: see `Switchboard`'s callers in `routing.delivery.operations`.
        """
        route = route_for(self._switchboard, principal, slug)
        route.require_usable()
        _require_few_hops(principal, slug)
        require_taken(send.message["parts"], route.profile.input_modes)
        if send.push is not None:
            await require_own_name(principal)
        hook = wanted(route, send)
        if not self._switchboard.accepts:
            raise Unavailable("This AgentX process is going down. Try again.")
        begin = self._go_on if "taskId" in send.message else self._open
        try:
            begun = await begin(principal, route, send, live)
        except EntryRefused as refused:
            raise InvalidInput(f"The message cannot be kept: {refused}.") from None
        if hook is not None and isinstance(begun, Record):
            await keep_missed(begun, hook)
        return begun

    async def _open(
        self, principal: Principal, route: Route, send: Send, live: bool
    ) -> Run | Record:
        """A new task, in the context that the caller names or in a new one."""
        if context_id := send.message.get("contextId"):
            await self._require_own_context(principal, route, context_id)
        opened = self._new_record(principal, route, send, context_id or str(uuid7()))
        message = send.message | {"taskId": opened.id, "contextId": opened.context_id}
        opened.history.append(message)
        once = once_of(send)
        said = NewMessage(message, "user", send.intent)
        begun = await self._switchboard.journal.open(opened, said, once)
        if not begun:
            return await self._refused_or_sent_before(principal, route, once)
        claim = begun if isinstance(begun, Claim) else None
        if route.keeps_memory and claim is None:
            opened.state = (
                "SUBMITTED"  # as its row says: others' turns of the conversation come first
            )
            opened.status = status_of(opened.state, opened.updated)
        turn = turn_of(opened, message, [], blocking=not live)
        return await self._under_way(opened, turn, route, send, live, claim)

    async def _under_way(
        self,
        opened: Record,
        turn: Turn,
        route: Route,
        send: Send,
        live: bool,
        claim: Claim | None = None,
    ) -> Run:
        """A turn that a webhook is to be told of tells a courier of each change, not only of its first and last."""
        hook = wanted(route, send)
        if hook is not None:
            await keep_wanted(opened, hook)
        is_told = hook is not None or route.source == Agent.Source.REMOTE
        is_slow = not self._switchboard.paces.is_quick(route.slug)
        is_live = live or is_told or is_slow
        run = self._switchboard.begin(opened, turn, live=is_live, claim=claim)
        if hook is not None:
            run.watch(MAX_TURN_SECONDS)
        return run

    async def _refused_or_sent_before(
        self, principal: Principal, route: Route, once: Once | None
    ) -> Record:
        if principal.turn and not (once and await earlier(principal, route, once)):
            raise NotAuthenticated(TURN_IS_OVER)
        return await self._sent_before(principal, route, once)

    async def _sent_before(self, principal: Principal, route: Route, once: Once | None) -> Record:
        task = await earlier(principal, route, once) if once else None
        if task is None:  # forgotten in this very moment: it was sent IDEMPOTENCY_HOURS ago
            raise Conflict("This message was sent before. Send it again.")
        return task

    def _new_record(
        self, principal: Principal, route: Route, send: Send, context_id: str
    ) -> Record:
        moment = now()
        request = request_of(send, principal.turn)
        # With a process at hand the agent is at work at once; else the task says that it waits for one.
        state = "WORKING" if self._switchboard.routes.usable(route.slug) else "SUBMITTED"
        return Record(
            id=str(uuid7()),
            agent_id=route.agent_id,
            agent_slug=route.slug,
            owner=principal.subject,
            owner_label=principal.label,
            scope=principal.scope,
            tenant=str(principal.tenant_id) if principal.tenant_id else None,
            context_id=context_id,
            state=state,
            status=status_of(state, moment),
            updated=moment,
            opened=moment,
            door=send.door,
            request_id=principal.request_id,
            request=request,
            parent=principal.turn.task if principal.turn else None,
            trace=trace_of(request, principal.request_id),
            is_direct=route.direct_messages,
            keeps_memory=route.keeps_memory,
            lease_owner=self._switchboard.owner,
        )

    async def _go_on(
        self, principal: Principal, route: Route, send: Send, live: bool
    ) -> Run | Record:
        """The next message of a task that waits for one."""
        before = await ask(record, principal, route.agent_id, send.message["taskId"])
        once = once_of(send)
        if once and (task := await earlier(principal, route, once)):
            return task
        _require_open_to(before, send.message)
        message = send.message | {"contextId": before.context_id}
        try:
            going_on = await self._commit_next(before, message, send, once, principal.turn)
        except (StaleTask, EntryRefused) as refused:  # the same message was quicker, perhaps
            if once and (task := await earlier(principal, route, once)):
                return task
            if isinstance(refused, EntryRefused):
                raise
            if principal.turn:
                raise Conflict(
                    f"Another message for this task came first, or: {TURN_IS_OVER}"
                ) from None
            raise Conflict("Another message for this task came first. Read it again.") from None
        self._switchboard.take_from(before)
        turn = turn_of(
            going_on,
            message,
            before.history,
            request_id=principal.request_id,
            blocking=not live,
        )
        return await self._under_way(going_on, turn, route, send, live)

    async def _commit_next(
        self,
        before: Record,
        message: Json,
        send: Send,
        once: Once | None,
        grant: Grant | None,
    ) -> Record:
        # Its turn of the conversation has to come first, where the agent remembers those.
        status = status_of("SUBMITTED" if before.keeps_memory else "WORKING", now())
        going_on, events = after(before, [("message", message), ("status", status)])
        going_on.lease_owner = self._switchboard.owner
        going_on.reason = ""
        going_on.request = request_of(send, grant)
        going_on.parent = grant.task if grant else before.parent
        going_on.deliveries = 1
        said = NewMessage(message, "user", send.intent)
        asker = grant.task if grant else None
        step = Change(before, going_on, events, [said], once=once, asker=asker)
        await self._switchboard.journal.change(step)
        return going_on

    async def _require_own_context(
        self, principal: Principal, route: Route, context_id: str
    ) -> None:
        """Agents key their memory by the context: somebody else's must not be entered by naming it.

        That an agent may enter one is not remembered: its caller may begin that conversation later.
        """
        asker = principal.turn.agent if principal.turn else ""
        key = (principal.subject, principal.scope, route.agent_id, context_id)
        if (asker or key not in self._contexts) and await ask(is_foreign_context, *key, asker):
            raise InvalidInput(
                "This contextId cannot be used; leave it out to begin a new conversation.",
                fields={"message.contextId": "cannot be used"},
            )
        if asker:
            return
        self._contexts[key] = None
        self._contexts.move_to_end(key)
        if len(self._contexts) > REMEMBERED_CONTEXTS:
            self._contexts.popitem(last=False)


def _require_few_hops(principal: Principal, slug: str) -> None:
    """What goes in circles has to end, through other AgentX servers, too. Raises `TooManyHops`."""
    if principal.turn:
        context.hops.set(max(context.hops.get(), principal.turn.hops))
    if principal.turn and len(principal.turn.chain) > settings.MAX_HOPS:
        chain = " → ".join((*principal.turn.chain, slug))
        raise TooManyHops(
            f"{len(principal.turn.chain)} agents have asked one another in a row, and at most "
            f"{settings.MAX_HOPS} may (AGENTX_MAX_HOPS): {chain}."
        )


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
