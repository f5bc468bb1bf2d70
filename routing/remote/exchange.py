"""One turn with an agent elsewhere: say it, hear what happens, and find the task again when the line was lost."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

from plugins_app.client.codec import Happening, Turn
from plugins_app.client.errors import BadAnswer, Broken, TurnFailed, Undelivered
from routing.limits import MAX_TURN_SECONDS, RECONNECT_SECONDS
from routing.record import Json
from routing.remote.mirror import Mirror
from routing.remote.upstream import Headers, Refused, Upstream

log = logging.getLogger(__name__)
FIRST_PAUSE: Final = 0.03
LAST_PAUSE: Final = 2.0
GROWTH: Final = 1.6


class Exchange:
    """`happenings` of one turn. A stream where the upstream has streams, else a send and then questions."""

    def __init__(self, upstream: Upstream, turn: Turn, headers: Headers, *, streams: bool) -> None:
        self._upstream = upstream
        self._turn = turn
        self._headers = headers
        self._streams = streams
        self._mirror = Mirror(turn)
        self._goes_on = bool(self._mirror.task_id)

    async def happenings(self) -> AsyncGenerator[list[Happening], None]:
        """Raises `Undelivered`, `Broken`, `TurnFailed` or `BadAnswer`."""
        if not (self._turn.resumes and self._goes_on):
            async with aclosing(self._begun()) as begun:
                async for told in begun:
                    yield told
        if self._mirror.is_settled:
            return
        async with aclosing(self._followed()) as followed:
            async for told in followed:
                yield told

    async def _begun(self) -> AsyncGenerator[list[Happening], None]:
        if self._streams:
            try:
                async with aclosing(self._streamed()) as streamed:
                    async for told in streamed:
                        yield told
                return
            except Refused as refused:
                if refused.code != "unsupported_operation" or self._is_heard():
                    raise
                self._streams = False  # whatever its card says
        yield await self._sent()

    async def _streamed(self) -> AsyncGenerator[list[Happening], None]:
        """Until the upstream ends it or the task needs nothing more; lost in its middle is no failure yet."""
        may_be_old = self._goes_on
        request = self._request(immediately=False)
        try:
            async with aclosing(self._upstream.stream(request, self._headers)) as responses:
                async for response in responses:
                    told = self._mirror.happenings(response, may_be_old=may_be_old)
                    may_be_old = False
                    yield told
                    if self._needs_no_more():
                        return
        except Broken as broken:
            if not self._is_heard():
                raise
            log.info("the stream of task %s was lost: %s", self._turn.task_id, broken)
        if not self._mirror.task_id and not self._mirror.is_replied:
            raise BadAnswer("its stream ended without an event")

    async def _sent(self) -> list[Happening]:
        """A send that returned at once keeps the task's name if the line is lost later. Only a task that goes on is
        waited for: asked too early, its state may still be the old one."""
        left = self._turn.deadline_ms / 1000 - time.time()
        timeout = left if 0 < left < MAX_TURN_SECONDS else MAX_TURN_SECONDS
        request = self._request(immediately=not self._goes_on)
        answer = await self._upstream.send(request, self._headers, timeout=timeout)
        return self._mirror.happenings(answer)

    async def _followed(self) -> AsyncGenerator[list[Happening], None]:
        """What happens to the task after its stream was lost, or ended before the task did."""
        pause, lost_at = FIRST_PAUSE, 0.0
        while True:
            try:
                async with aclosing(self._looked()) as looked:
                    async for told in looked:
                        lost_at = 0.0
                        if told:
                            pause = FIRST_PAUSE
                            yield told
                        if self._needs_no_more():
                            return
            except (Undelivered, Broken) as lost:
                lost_at = lost_at or time.monotonic()
                if time.monotonic() - lost_at > RECONNECT_SECONDS:
                    raise Broken(f"it was lost for {RECONNECT_SECONDS:.0f} s ({lost})") from None
            if self._mirror.is_settled:
                return
            await asyncio.sleep(pause)
            pause = min(pause * GROWTH, LAST_PAUSE)

    async def _looked(self) -> AsyncGenerator[list[Happening], None]:
        """The task as it is, then what a subscription tells, if it has any."""
        task_id = self._mirror.task_id
        try:
            yield self._mirror.snapshot(await self._upstream.get(task_id, self._headers))
        except Refused as refused:
            if refused.code == "task_not_found":
                raise TurnFailed(
                    "The agent's service does not know the task any more.", "upstream_lost_task"
                ) from None
            raise
        if not self._streams or self._mirror.is_settled:
            return
        try:
            async with aclosing(self._upstream.subscribe(task_id, self._headers)) as responses:
                async for response in responses:
                    yield self._mirror.happenings(response)
        except Refused:
            self._streams = False  # it has ended meanwhile, or there are no subscriptions: ask

    def _is_heard(self) -> bool:
        """Whether the upstream has said anything that lets the task be found again."""
        return bool(self._mirror.task_id) and self._mirror.is_begun

    def _needs_no_more(self) -> bool:
        """After AUTH_REQUIRED an agent may go on by itself, as long as it keeps the stream open."""
        return self._mirror.is_ended or self._mirror.is_asking

    def _request(self, *, immediately: bool) -> Json:
        turn = self._turn
        configuration: Json = {}
        if turn.accepted_output_modes:
            configuration["acceptedOutputModes"] = list(turn.accepted_output_modes)
        if immediately:
            configuration["returnImmediately"] = True
        request: Json = {"message": self._message()}
        if configuration:
            request["configuration"] = configuration
        if turn.metadata:
            request["metadata"] = turn.metadata
        return request

    def _message(self) -> Json:
        """The caller's message in the upstream's ids. Tasks it refers to are ours: nobody there knows them."""
        ours = ("taskId", "contextId", "referenceTaskIds")
        message = {key: value for key, value in self._turn.message.items() if key not in ours}
        if self._mirror.task_id:
            message["taskId"] = self._mirror.task_id
        if self._mirror.context_id:
            message["contextId"] = self._mirror.context_id
        return message
