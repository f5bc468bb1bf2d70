"""Messages through the adapter: the hot path of a plugin."""

import asyncio
import inspect
import logging
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from typing import Any, TypeAlias

import grpc
import grpc.aio

from agentx_sdk import codec
from agentx_sdk._wire import agentx_plugin_pb2 as pb
from agentx_sdk.codec import MAX_MESSAGE
from agentx_sdk.content import Status
from agentx_sdk.errors import TaskFailed, TaskRejected, UnknownAgent
from agentx_sdk.events import EventWriter
from agentx_sdk.hosting import Hosting
from agentx_sdk.logs import Sparing
from agentx_sdk.turn import Turn, current_turn

logger = logging.getLogger("agentx_sdk.turns")

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"
# Events, and with the last of them what the conversation's memory shall be.
Send = Callable[[list[pb.Event], bytes | None], Awaitable[None]]
Response = pb.ProcessMessageResponse
END = object()
ROOM = MAX_MESSAGE - 1024  # for the events of one response
DEADLINE, TOO_LARGE = "deadline_exceeded", "too_large"


class Turns:
    """Runs turns and counts them."""

    def __init__(self, hosting: Hosting) -> None:
        self._hosting = hosting
        self._process = hosting.adapter.process
        self._starts_at_once = _starts_at_once(self._process)
        self._failures = Sparing()

    async def unary(self, request: pb.ProcessMessageRequest, context: Context) -> Response:
        """One message, and every event of its turn in one response."""
        turn = await self._admit(request, context)
        response = Response(success=True, request_id=turn.request_id)
        room = ROOM

        async def keep(more: list[pb.Event], memory: bytes | None) -> None:
            nonlocal room
            room -= _size(more) + len(memory or b"")
            _check_room(room)
            response.events.extend(more)
            if memory is not None:
                response.memory = memory

        failure = await self._run(turn, keep, live=False)
        return failure or response

    async def stream(self, requests: AsyncIterator[Any], context: Context) -> None:
        """One message, and its events as they come."""
        async for request in requests:
            await self._stream_one(request, context)
            return
        await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "the stream carried no message")

    async def _stream_one(self, request: pb.ProcessMessageRequest, context: Context) -> None:
        turn = await self._admit(request, context)
        # Headers now, so that the core knows at once that the message was delivered.
        await context.send_initial_metadata(())

        async def write(more: list[pb.Event], memory: bytes | None) -> None:
            _check_room(ROOM - _size(more) - len(memory or b""))
            told = Response(success=True, events=more, request_id=turn.request_id, memory=memory)
            await context.write(told)

        failure = await self._run(turn, write, live=True)
        if failure:
            await context.write(failure)

    async def _admit(self, request: pb.ProcessMessageRequest, context: Context) -> Turn:
        hosting = self._hosting
        if not hosting.ready:
            why = "draining" if hosting.draining else "not initialized"
            await context.abort(grpc.StatusCode.UNAVAILABLE, f"the plugin is {why}")
        try:
            turn = Turn(request, hosting.agent(request.agent_id))
        except UnknownAgent as unknown:
            await context.abort(grpc.StatusCode.NOT_FOUND, str(unknown))
        current_turn.set(turn)
        return turn

    async def _run(self, turn: Turn, send: Send, *, live: bool) -> Response | None:
        """Run a turn to its end; the response that tells of its failure, or None."""
        load = self._hosting.load
        load.enter()
        failure: Response | None = None
        try:
            with _Deadline(turn):
                await self._drive(turn, send, live=live)
        except asyncio.CancelledError:
            turn.cancel()
            raise
        except TaskRejected as rejected:
            status = Status(rejected.reason, state="rejected", reason="rejected")
            await send(EventWriter(turn, live=False).add(status), None)
        except TaskFailed as failed:
            self._tell("the turn failed (%s): %s", failed.code, failed.reason)
            failure = _failure(turn, failed.reason, failed.code, failed.metadata)
        except Exception as error:
            self._tell("the adapter failed with %s", type(error).__name__, error=error)
            failure = _failure(turn, f"{type(error).__name__}: {error}", "agent_error")
        finally:
            load.leave(failed=failure is not None)
        return failure

    def _tell(self, text: str, *values: str, error: Exception | None = None) -> None:
        """A line with the task's id (see `logs`), unless there were too many lately."""
        kept_back = self._failures.admit()
        if kept_back is None:
            return
        if kept_back:
            logger.warning("%d more failures were not logged", kept_back)
        logger.log(logging.ERROR if error else logging.WARNING, text, *values, exc_info=error)

    async def _drive(self, turn: Turn, send: Send, *, live: bool) -> None:
        result = await self._call(turn)
        if isinstance(result, Iterator):
            result = _threaded(result)
        if isinstance(result, AsyncIterator):
            await _relay(turn, result, EventWriter(turn, live=live), send)
            return
        writer = EventWriter(turn, live=False)
        await send([*writer.add(result), *writer.finish()], turn.memory_to_keep())

    async def _call(self, turn: Turn) -> Any:
        if self._starts_at_once:
            result = self._process(turn)
        else:
            result = await asyncio.to_thread(self._process, turn)
        return await result if hasattr(result, "__await__") else result


class _Deadline:
    """Cancels the task it is used in when the caller stops waiting; raises TaskFailed then."""

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self._over = False
        self._timer: asyncio.TimerHandle | None = None

    def __enter__(self) -> None:
        left = self._turn.seconds_left
        task = asyncio.current_task()
        if left is not None and task is not None:
            self._timer = asyncio.get_running_loop().call_later(left, self._end, task)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._over and kind is asyncio.CancelledError:
            if sys.version_info >= (3, 11) and (task := asyncio.current_task()) is not None:
                task.uncancel()
            raise TaskFailed("it was not done when its caller stopped waiting", DEADLINE) from None

    def _end(self, task: "asyncio.Task[Any]") -> None:
        self._over = True
        self._turn.cancel()
        task.cancel()


def _size(events: list[pb.Event]) -> int:
    return sum(event.ByteSize() for event in events)


def _check_room(room: int) -> None:
    if room < 0:
        told = f"the answer is larger than {MAX_MESSAGE >> 20} MiB: send it in pieces, or as a link"
        raise TaskFailed(told, TOO_LARGE)


def _starts_at_once(process: Callable[..., Any]) -> bool:
    """Whether calling it does no work yet. Anything else may block and belongs in a thread."""
    kinds = (inspect.iscoroutinefunction, inspect.isasyncgenfunction, inspect.isgeneratorfunction)
    return any(is_kind(process) for is_kind in kinds)


async def _relay(turn: Turn, items: AsyncIterator[Any], writer: EventWriter, send: Send) -> None:
    """Send what is yielded until the turn ends. The generator is closed however that happens."""
    try:
        async for item in items:
            events = writer.add(item)
            if events:
                await send(events, turn.memory_to_keep() if writer.ended else None)
            if writer.ended:
                return
    finally:
        close = getattr(items, "aclose", None)
        if close is not None:
            await close()
    if events := writer.finish():  # nothing is left to say where authorisation is awaited
        await send(events, turn.memory_to_keep())


async def _threaded(items: Iterator[Any]) -> AsyncIterator[Any]:
    """A plain generator, each step of it in a thread."""
    while (item := await asyncio.to_thread(next, items, END)) is not END:
        yield item


def _failure(
    turn: Turn, error: str, code: str, metadata: Mapping[str, Any] | None = None
) -> Response:
    return Response(
        success=False,
        error=error,
        error_code=code,
        request_id=turn.request_id,
        metadata_json=codec.object_json(metadata or {}),
    )
