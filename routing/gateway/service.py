"""The services as gRPC sees them: bytes in, an operation of `routing.a2a.verbs`, bytes out."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final, NamedTuple, TypeVar

import grpc
import orjson

from routing.a2a import verbs
from routing.a2a.asking import EXTENSIONS, in_use
from routing.a2a.shelf import Shelf
from routing.delivery.operations import Operations
from routing.errors import ExtendedAgentCardNotConfigured, UnsupportedOperation
from routing.gateway.calls import Call
from routing.gateway.dialect import Dialect, Method
from routing.gateway.refusals import REQUEST_ID, Rpc, refusing
from routing.gateway.v03 import CARD
from routing.record import Json
from routing.requests import Asked, Told
from security.errors import NotAuthenticated, Unavailable
from security.principals import Principal

log = logging.getLogger(__name__)
LEAVING: Final = "This AgentX process is going down. Subscribe to the task to hear the rest."
NO_OTHER_CARD: Final = (ExtendedAgentCardNotConfigured, NotAuthenticated, UnsupportedOperation)
Result = TypeVar("Result")


class Asking(NamedTuple):
    """What every operation is given, after the core."""

    principal: Principal
    agent: str
    verb: str
    given: Json
    asked: Asked


class Service:
    """Every method of every dialect."""

    def __init__(self, core: Operations, shelf: Shelf, dialects: tuple[Dialect, ...]) -> None:
        self._core = core
        self._shelf = shelf
        self._dialects = dialects
        self._streaming: set[asyncio.Task[Any]] = set()
        self._is_ending = False

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(dialect.service.full_name for dialect in self._dialects)

    def handlers(self) -> tuple[grpc.GenericRpcHandler, ...]:
        return tuple(self._handlers(dialect) for dialect in self._dialects)

    def end_streams(self) -> None:
        """Those that tell of a task which runs elsewhere would not end by themselves."""
        self._is_ending = True
        for task in self._streaming:
            task.cancel()

    def _handlers(self, dialect: Dialect) -> grpc.GenericRpcHandler:
        by_name: dict[str, grpc.RpcMethodHandler[Any, Any]] = {}
        for described in dialect.service.methods:
            method = Method.of(dialect, described)
            by_name[method.name] = (
                grpc.unary_stream_rpc_method_handler(partial(self._stream, method))
                if described.server_streaming
                else grpc.unary_unary_rpc_method_handler(partial(self._answer, method))
            )
        return grpc.method_handlers_generic_handler(dialect.service.full_name, by_name)

    async def _answer(self, method: Method, data: bytes, rpc: Rpc) -> bytes:
        async with refusing(rpc):
            call = Call.of(rpc)
            request, asking = await _read(method, call, data)
            result = await _to_its_end(self._result(method, asking))
            answer = method.write(result, request, call)
            await self._begin_telling(rpc, call, asking)
        return answer

    async def _result(self, method: Method, asking: Asking) -> Any:
        """0.3 asks for the card of callers that are known with the method that gives its only one, too."""
        try:
            return await verbs.answer(self._core, *asking)
        except NO_OTHER_CARD:
            if method.name != CARD:
                raise
        document = await self._shelf.card(asking.principal, asking.agent, "1.0")
        return orjson.loads(document.body)

    async def _stream(self, method: Method, data: bytes, rpc: Rpc) -> AsyncIterator[bytes]:
        async with refusing(rpc), self._until_we_end():
            call = Call.of(rpc)
            request, asking = await _read(method, call, data)
            responses = await _to_its_end(verbs.stream(self._core, *asking))
            async with _closed(responses):
                await self._begin_telling(rpc, call, asking)
                async for told in responses:
                    yield method.write(told.response, request, call)

    async def _begin_telling(self, rpc: Rpc, call: Call, asking: Asking) -> None:
        """The request's id, and which of the extensions that the caller named are in use."""
        told = [(REQUEST_ID, call.request_id)]
        if named := asking.asked.extensions:
            profile = self._core.require_call(asking.principal, asking.agent, named)
            if used := in_use(named, profile):
                told.append((EXTENSIONS[asking.asked.dialect].lower(), used))
        await rpc.send_initial_metadata(told)

    @asynccontextmanager
    async def _until_we_end(self) -> AsyncIterator[None]:
        """Our own end is told as such; a caller's leaving just ends the call here, never the agent's run."""
        task = asyncio.current_task()
        assert task is not None, "gRPC runs each call in a task"
        self._streaming.add(task)
        try:
            yield
        except asyncio.CancelledError:
            if not self._is_ending:
                raise
            task.uncancel()
            raise Unavailable(LEAVING) from None
        finally:
            self._streaming.discard(task)


async def _read(method: Method, call: Call, data: bytes) -> tuple[Json, Asking]:
    """Who asks, and what: as it was sent, and as the core understands it. Raises `PublicError`s."""
    principal, dialect = await call.caller(), method.dialect
    dialect.require_version(call.version)
    request = method.read(data)
    agent, inner = call.agent_of(dialect.tenant(request))
    given = {**dialect.given(method.name, request, call), "tenant": inner}
    return request, Asking(principal, agent, method.verb, given, call.asked(dialect.version))


async def _to_its_end(work: Coroutine[Any, Any, Result]) -> Result:
    """What was begun is done, whether or not its caller stays: a message half opened would be nobody's."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        task.add_done_callback(_noted)
        raise


def _noted(task: "asyncio.Future[Any]") -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.info("a caller left before this was told: %s", error)


@asynccontextmanager
async def _closed(responses: AsyncIterator[Told]) -> AsyncIterator[None]:
    try:
        yield
    finally:
        if isinstance(responses, AsyncGenerator):
            await responses.aclose()
