"""The server: which path is answered how, word by word, until the client leaves."""

from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import parse_qs

import orjson

from agentx_site.model_stub import chat, embeddings, errors, responses
from agentx_site.model_stub.answers import answer
from agentx_site.model_stub.asking import Answer, Asked, Json
from agentx_site.model_stub.connection import ClientLeft, Connection, Scope
from agentx_site.model_stub.errors import ModelError, bad
from agentx_site.model_stub.orders import Orders, orders_in
from agentx_site.model_stub.recording import Recording, Request

MODELS: Final = ("demo", "demo-vision", "demo-embedding")
WORDS_BEFORE_SILENCE: Final = 3
LONGEST_SILENCE: Final = 3600.0  # seconds
CREATED: Final = 1_767_225_600  # the models, on 2026-01-01
DONE: Final = b"data: [DONE]\n\n"


class Stub:
    """An ASGI application. `delay`: seconds between two words."""

    def __init__(self, recording: Recording, delay: float = 0.0) -> None:
        self._recording = recording
        self._delay = delay

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            raise RuntimeError("the model stub speaks HTTP only")
        connection = Connection(scope, receive, send)
        try:
            await self._answered(connection)
        except ModelError as error:
            await connection.answer(error.status, error.body, error.headers)
        except ClientLeft:
            pass
        finally:
            connection.close()

    async def _answered(self, connection: Connection) -> None:
        match connection.method, connection.path:
            case "GET", "/health":
                await connection.answer(200, {"status": "ok"})
            case "GET", "/v1/models":
                await connection.answer(200, {"object": "list", "data": list(map(_model, MODELS))})
            case "GET", path if path.startswith("/v1/models/"):
                await self._one_model(connection, path.rpartition("/")[2])
            case "GET" | "DELETE", "/stub/requests":
                await self._told(connection)
            case "POST", "/v1/chat/completions" | "/v1/responses":
                await self._completed(connection)
            case "POST", "/v1/embeddings":
                await self._embedded(connection)
            case method, path:
                raise ModelError(404, f"Invalid URL ({method} {path})")

    async def _one_model(self, connection: Connection, name: str) -> None:
        _check_model(name)
        await connection.answer(200, _model(name))

    async def _told(self, connection: Connection) -> None:
        if connection.method == "DELETE":
            self._recording.forget()
        since = parse_qs(connection.query).get("since", ["0"])[0]
        told = self._recording.told(int(since) if since.isdecimal() else 0)
        await connection.answer(200, told)

    async def _embedded(self, connection: Connection) -> None:
        told = await _body(connection)
        request = self._recording.begin(connection.path, str(told.get("model", "")))
        try:
            _check_key(connection)
            _check_model(str(told.get("model")))
            request.status = 200
            await connection.answer(200, embeddings.whole(told))
        except ModelError as error:
            request.status = error.status
            raise
        finally:
            self._recording.end(request)

    async def _completed(self, connection: Connection) -> None:
        told = await _body(connection)
        is_chat = connection.path.endswith("/completions")
        retried = connection.header(b"x-stainless-retry-count")
        read = chat.asked if is_chat else responses.asked
        asked = read(told, int(retried) if retried.isdecimal() else 0)
        tools = (tool.name for tool in asked.tools)
        request = self._recording.begin(
            connection.path, asked.model, asked.stream, asked.messages, tools
        )
        try:
            await self._said(connection, told, asked, request)
        except ModelError as error:
            request.status = error.status
            raise
        except ClientLeft:
            request.left = True
        finally:
            self._recording.end(request)

    async def _said(
        self, connection: Connection, told: Json, asked: Asked, request: Request
    ) -> None:
        _check_key(connection)
        _check_model(asked.model)
        orders = orders_in(asked.user_text)
        _fail_as_ordered(orders, asked)
        if orders.hangs:
            await connection.pause(LONGEST_SILENCE)
        request.status = 200
        reply = _reply(asked)
        pace = Pace(connection, orders, self._delay)
        if asked.stream:
            await _streamed(connection, told, asked, reply, pace)
            return
        for _ in range(reply.words):
            await pace.word()
        is_chat = connection.path.endswith("/completions")
        body = chat.whole(asked, reply) if is_chat else responses.whole(told, asked, reply)
        await connection.answer(200, body)


class Pace:
    """The pause after each word, and what a user ordered in its place."""

    def __init__(self, connection: Connection, orders: Orders, delay: float) -> None:
        self._connection = connection
        self._orders = orders
        self._seconds = orders.seconds or delay
        self._words = 0

    async def word(self) -> None:
        """Raises `ClientLeft`."""
        self._words += 1
        if self._words == WORDS_BEFORE_SILENCE and self._orders.stalls:
            await self._connection.pause(LONGEST_SILENCE)
        if self._words == WORDS_BEFORE_SILENCE and self._orders.breaks:
            self._connection.cut()
        if self._seconds:
            await self._connection.pause(self._seconds)


async def _streamed(
    connection: Connection, told: Json, asked: Asked, reply: Answer, pace: Pace
) -> None:
    is_chat = connection.path.endswith("/completions")
    options = told.get("stream_options") or {}
    events: Iterable[tuple[bool, str, Json]] = (
        chat.events(asked, reply, bool(options.get("include_usage")))
        if is_chat
        else responses.events(told, asked, reply)
    )
    await connection.begin_stream()
    for has_word, name, data in events:
        await connection.send(_event(name, data))
        if has_word:
            await pace.word()
    await connection.send(DONE if is_chat else b"", is_last=True)


def _reply(asked: Asked) -> Answer:
    try:
        return answer(asked)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        raise bad("A schema in this request is no JSON Schema.") from None


def _event(name: str, data: Json) -> bytes:
    head = f"event: {name}\n".encode() if name else b""
    return b"%sdata: %s\n\n" % (head, orjson.dumps(data))


def _fail_as_ordered(orders: Orders, asked: Asked) -> None:
    if orders.too_long:
        raise errors.too_long(asked.words)
    if orders.status and not (orders.only_once and asked.retried):
        raise errors.ordered(orders.status)


async def _body(connection: Connection) -> Json:
    try:
        told = orjson.loads(await connection.body())
    except orjson.JSONDecodeError:
        raise bad("We could not parse the JSON body of your request.") from None
    if not isinstance(told, dict):
        raise bad("The body of a request must be a JSON object.")
    return told


def _check_key(connection: Connection) -> None:
    if connection.header(b"authorization").removeprefix("Bearer ") == "wrong":
        raise errors.wrong_key()


def _check_model(name: str) -> None:
    if not name.startswith("demo"):
        raise errors.no_such_model(name)


def _model(name: str) -> Json:
    return {"id": name, "object": "model", "created": CREATED, "owned_by": "agentx"}
