"""The model stub as OpenAI's own client sees it."""

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import openai
import pytest
import pytest_asyncio

from tests.model import Stub

CLOCK = {"name": "clock", "description": "The time.", "parameters": {"type": "object"}}
SHAPE = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
pytestmark = pytest.mark.asyncio


@pytest.fixture(scope="module")
def stub() -> Iterator[Stub]:
    with Stub() as stub:
        yield stub


@pytest_asyncio.fixture
async def client(stub: Stub) -> AsyncIterator[openai.AsyncOpenAI]:
    made = openai.AsyncOpenAI(base_url=stub.url, api_key="any", max_retries=0, timeout=20)
    async with made:
        yield made


def chat(client: openai.AsyncOpenAI, text: str, **more: Any) -> Any:
    said = [{"role": "user", "content": text}]
    return client.chat.completions.create(**{"model": "demo", "messages": said} | more)


def respond(client: openai.AsyncOpenAI, said: Any, **more: Any) -> Any:
    return client.responses.create(**{"model": "demo", "input": said} | more)


async def test_models_are_listed(client):
    names = [model.id async for model in client.models.list()]
    assert names == ["demo", "demo-vision", "demo-embedding"]
    assert (await client.models.retrieve("demo")).owned_by == "agentx"
    with pytest.raises(openai.NotFoundError):
        await client.models.retrieve("gpt-5")


async def test_a_chat_completion(client):
    told = await chat(client, "hello there")
    assert told.choices[0].message.content == "You said: hello there"
    assert told.choices[0].finish_reason == "stop"
    usage = told.usage
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (2, 4, 6)


async def test_a_streamed_chat_completion_comes_word_by_word_with_usage_last(client):
    stream = await chat(client, "a b", stream=True, stream_options={"include_usage": True})
    chunks = [chunk async for chunk in stream]
    words = [chunk.choices[0].delta.content for chunk in chunks if chunk.choices]
    assert words == ["", "You", " said:", " a", " b", None]
    assert [bool(chunk.usage) for chunk in chunks] == [False] * 6 + [True]
    assert chunks[-1].usage.completion_tokens == 4
    assert len({chunk.id for chunk in chunks}) == 1


async def test_the_clients_own_assembly_of_a_stream_agrees(client):
    said = [{"role": "user", "content": "use clock and use clock"}]
    tools = [{"type": "function", "function": CLOCK}]
    asked = {"model": "demo", "messages": said, "tools": tools}
    async with client.chat.completions.stream(**asked) as stream:
        told = await stream.get_final_completion()
    calls = told.choices[0].message.tool_calls
    assert [call.function.name for call in calls] == ["clock", "clock"]
    assert [json.loads(call.function.arguments) for call in calls] == [{}, {}]
    assert calls[0].id != calls[1].id
    assert told.choices[0].finish_reason == "tool_calls"


async def test_a_tools_result_is_told(client):
    said = [
        {"role": "user", "content": "use clock"},
        {"role": "assistant", "content": None, "tool_calls": [
            {"id": "c", "type": "function", "function": {"name": "clock", "arguments": "{}"}}
        ]},
        {"role": "tool", "tool_call_id": "c", "content": "noon"},
    ]  # fmt: skip
    told = await chat(client, "", messages=said)
    assert told.choices[0].message.content == "The tool says: noon."


async def test_a_shaped_chat_completion(client):
    shape = {"type": "json_schema", "json_schema": {"name": "place", "schema": SHAPE}}
    told = await chat(client, "Paris", response_format=shape)
    assert json.loads(told.choices[0].message.content) == {"city": "Paris"}


async def test_pictures_in_both_forms(client):
    url = f"data:image/png;base64,{base64.b64encode(b'png').decode()}"
    words = {"type": "text", "text": "look"}
    said = [{"role": "user", "content": [words, {"type": "image_url", "image_url": {"url": url}}]}]
    told = await chat(client, "", messages=said)
    assert told.choices[0].message.content == "You said: look I see 1 picture."
    parts = [{"type": "input_text", "text": "look"}, {"type": "input_image", "image_url": url}]
    answer = await respond(client, [{"role": "user", "content": parts}])
    assert answer.output_text == "You said: look I see 1 picture."


async def test_a_response(client):
    told = await respond(client, "hello", instructions="reply: I heard {text}")
    assert (told.output_text, told.status) == ("I heard hello", "completed")
    assert (told.usage.input_tokens, told.usage.output_tokens) == (5, 3)


async def test_a_streamed_response_has_its_events_in_order(client):
    events = [event async for event in await respond(client, "a", stream=True)]
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert [event.type.removeprefix("response.") for event in events] == [
        "created", "in_progress", "output_item.added", "content_part.added",
        "output_text.delta", "output_text.delta", "output_text.delta", "output_text.done",
        "content_part.done", "output_item.done", "completed",
    ]  # fmt: skip
    assert events[-1].response.output_text == "You said: a"


async def test_the_clients_own_assembly_of_a_response_agrees(client):
    tools = [{"type": "function", "strict": False, **CLOCK}]
    asked = {"model": "demo", "input": "use clock and use clock", "tools": tools}
    async with client.responses.stream(**asked) as stream:
        told = await stream.get_final_response()
    assert [(item.type, item.name, item.arguments) for item in told.output] == [
        ("function_call", "clock", "{}")
    ] * 2
    result = {"type": "function_call_output", "call_id": told.output[0].call_id, "output": "noon"}
    call = told.output[0].model_dump(exclude_none=True, exclude={"parsed_arguments"})
    said = [{"role": "user", "content": "use clock"}, call, result]
    after = await respond(client, said, tools=tools)
    assert after.output_text == "The tool says: noon."


async def test_a_shaped_response_and_one_that_is_cut(client):
    form = {"format": {"type": "json_schema", "name": "place", "schema": SHAPE}}
    assert json.loads((await respond(client, "Rome", text=form)).output_text) == {"city": "Rome"}
    cut = await respond(client, "!words 50", max_output_tokens=2)
    assert (cut.output_text, cut.status) == ("w1 w2", "incomplete")


async def test_nothing_is_kept_between_responses(client):
    for name in ("previous_response_id", "conversation"):
        with pytest.raises(openai.BadRequestError, match="keeps no responses") as refusal:
            await respond(client, "x", **{name: "resp_1"})
        assert refusal.value.param == name


async def test_embeddings_in_both_encodings(client):
    asked = {"model": "demo-embedding", "input": ["a cat", "a dog"]}
    packed = await client.embeddings.create(**asked)
    plain = await client.embeddings.create(**asked, encoding_format="float")
    assert packed.data[1].embedding == pytest.approx(plain.data[1].embedding)
    assert len(plain.data[0].embedding) == 256
    assert packed.usage.prompt_tokens == 4


@pytest.mark.parametrize("ask", [chat, respond])
@pytest.mark.parametrize(
    ("text", "kind", "code"),
    [
        ("!status 401", openai.AuthenticationError, "invalid_api_key"),
        ("!status 403", openai.PermissionDeniedError, None),
        ("!status 404", openai.NotFoundError, "model_not_found"),
        ("!status 429", openai.RateLimitError, "rate_limit_exceeded"),
        ("!status 500", openai.InternalServerError, None),
        ("!context", openai.BadRequestError, "context_length_exceeded"),
    ],
)
async def test_failures_on_order(client, ask, text, kind, code):
    for stream in (False, True):
        with pytest.raises(kind) as refusal:
            await ask(client, text, stream=stream)
        assert refusal.value.code == code
    if code == "rate_limit_exceeded":
        assert refusal.value.response.headers["retry-after"] == "7"


async def test_a_failure_once_is_mended_by_the_clients_retry(client):
    patient = client.with_options(max_retries=1)
    assert (await chat(patient, "!status 500 once")).choices[0].finish_reason == "stop"


async def test_a_wrong_key_an_unknown_model_and_what_is_no_request(client, stub):
    with pytest.raises(openai.AuthenticationError):
        await chat(client.with_options(api_key="wrong"), "x")
    with pytest.raises(openai.NotFoundError, match="gpt-5"):
        await chat(client, "x", model="gpt-5")
    for more in ({"messages": []}, {"messages": [{"role": "king"}]}, {"tools": [{"type": "web"}]},
                 {"max_tokens": 0}, {"response_format": "x"}):  # fmt: skip
        with pytest.raises(openai.BadRequestError):
            await chat(client, "x", **more)
    with pytest.raises(openai.BadRequestError, match="JSON Schema"):
        shape = {
            "type": "json_schema",
            "json_schema": {"name": "x", "schema": {"$ref": [], "anyOf": 1, "properties": 3}},
        }
        await chat(client, "x", response_format=shape)
    with pytest.raises(openai.NotFoundError, match="Invalid URL"):
        await client.post("/assistants", cast_to=object)


@pytest.mark.parametrize("order", ["!hang", "!stall", "!slow 0.2 !words 100"])
@pytest.mark.parametrize("ask", [chat, respond])
async def test_a_client_that_leaves_is_noticed_at_once(client, stub, ask, order):
    mark = stub.mark()
    streams = order != "!hang"
    asking = asyncio.ensure_future(_listen(ask(client, order, stream=streams)))
    request = await stub.asked(mark)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    gone = stub.told()["now"]
    ended = await stub.ended(request)
    assert ended["left"]
    assert ended["ended"] - gone < 1000


async def _listen(opening: Any) -> None:
    async for _ in await opening:
        continue


async def test_words_come_one_by_one(client):
    times = []
    async for _ in await chat(client, "!slow 0.05 !words 5", stream=True):
        times.append(time.monotonic())
    assert times[-1] - times[0] >= 0.2


async def test_a_connection_that_breaks_in_the_midst(client):
    heard = []
    with pytest.raises(openai.APIConnectionError):
        async for chunk in await chat(client, "!break !words 9", stream=True):
            heard.append(chunk.choices[0].delta.content)
    assert heard == ["", "w1", " w2", " w3"]


async def test_what_was_asked_is_told_and_forgotten(client, stub):
    mark = stub.mark()
    await chat(client, "remember me")
    (request,) = stub.requests(mark)
    assert request["messages"] == [{"role": "user", "text": "remember me", "pictures": 0}]
    assert (request["path"], request["status"], request["left"]) == (
        "/v1/chat/completions",
        200,
        False,
    )
    stub.forget()
    assert stub.told()["requests"] == []


async def test_as_agentx_runs_it_nothing_is_kept_of_what_people_say():
    with Stub(records=False) as quiet:
        async with openai.AsyncOpenAI(base_url=quiet.url, api_key="x") as client:
            await chat(client, "a secret")
        told = quiet.told()
    assert told["requests"] == []
    assert told["counters"] == {"requests": 1, "active": 0, "aborted": 0}
