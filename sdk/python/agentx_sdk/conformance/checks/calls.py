"""Part 2: what holds for every call."""

import asyncio
from typing import Any

import grpc
import grpc.aio

from agentx_sdk._wire import agentx_plugin_pb2 as pb
from agentx_sdk.codec import MAX_MESSAGE
from agentx_sdk.conformance.bench import (
    METHODS,
    Bench,
    generous_channel,
    raw_call,
    refused,
    start_call,
    status_of,
    turned_away,
)
from agentx_sdk.conformance.check import Failed, check, expect, same
from agentx_sdk.health import PLUGIN_SERVICE, SERVICE
from agentx_sdk.server import TOKEN_KEY

ADDED = {"ValidateConfig", "SaveState", "LoadState"}
WITH_AGENT = ["ProcessMessage", "GetAgentInfo", "DeleteAgent", "GetCapabilities", "GetConfig"]
WITH_AGENT += ["GetSupportedModels", "ListTools", "UpdateConfig"]
WRONG = ("INTERNAL", "UNKNOWN", "UNAVAILABLE", "DEADLINE_EXCEEDED", "UNAUTHENTICATED")
HEALTHY = b"\x08\x01"
TURNED_AWAY = "the plugin is "


@check("calls.token", "2.1")
async def token(at: Bench) -> None:
    """no call is answered without the token"""
    wrong = [(), ((TOKEN_KEY, "0" * 64),), ((TOKEN_KEY, ""),), ((TOKEN_KEY, at.plugin.token[:-1]),)]
    for metadata in wrong:
        for method in METHODS:
            status = await turned_away(at.plugin, method, metadata)
            missing = status == "UNIMPLEMENTED" and method.name in ADDED
            expect(missing or status == "UNAUTHENTICATED", f"{method.name} ended with {status}")
        await refused(_health(at, "live", metadata), "UNAUTHENTICATED", "grpc.health.v1")


@check("calls.before_initialize", "2.6", shared=False)
async def before_initialize(at: Bench) -> None:
    """no message before Initialize"""
    async with at.process() as process, grpc.aio.insecure_channel(process.address) as channel:
        metadata = ((TOKEN_KEY, process.token),)
        call = raw_call(channel, "ProcessMessage")(b"", metadata=metadata, timeout=10)
        text = await refused(call, "UNAVAILABLE", "a message before Initialize")
        expect(text.startswith(TURNED_AWAY), f"the text is {text!r}: begin with {TURNED_AWAY!r}")
        ready = _health_over(channel, "ready", metadata)
        expect(await ready != HEALTHY, "`ready` is serving before Initialize")


@check("calls.too_large", "2.2")
async def too_large(at: Bench) -> None:
    """a message over 16 MiB is RESOURCE_EXHAUSTED, and the next is answered"""
    async with generous_channel(at.plugin.address) as channel:
        call = raw_call(channel, "ProcessMessage")
        calling = call(b"\0" * (MAX_MESSAGE + 1), metadata=at.plugin.credentials, timeout=20)
        await refused(calling, "RESOURCE_EXHAUSTED", "a message of 16 MiB and a byte")
    await at.plugin.health()


@check("calls.large", "2.2")
async def large(at: Bench) -> None:
    """a message of 15 MiB is taken"""
    request = at.plugin.request("x" * (15 * 1024 * 1024))
    status = await status_of(at.plugin.call("ProcessMessage", request, at.patience))
    expect(status == "OK", f"a message of 15 MiB ended with {status}: raise gRPC's own limit")


@check("calls.large_answer", "2.2")
async def large_answer(at: Bench) -> None:
    """an answer over 16 MiB fails its own call, and the next is answered"""
    case = at.cases.case("large")
    try:
        answer = await at.send(case)
        same((answer.success, answer.error_code), (False, "too_large"), "success and error_code")
    except grpc.aio.AioRpcError as error:
        same(error.code().name, "RESOURCE_EXHAUSTED", "the status")
    await at.plugin.health()


@check("calls.garbage", "2.5")
async def garbage(at: Bench) -> None:
    """bytes that are no message are refused, and the process goes on"""
    call = raw_call(at.plugin.channel, "ProcessMessage")
    status = await status_of(call(b"\xff\xff\xff", metadata=at.plugin.credentials, timeout=10))
    expect(status not in ("OK", "DEADLINE_EXCEEDED"), f"it ended with {status}")
    await at.plugin.health()


@check("calls.empty", "2.5")
async def empty(at: Bench) -> None:
    """an empty request is answered or refused, by every call"""
    for method in METHODS:
        if method.name in ("Shutdown", "Initialize", "ProcessMessageStream"):
            continue
        status = await status_of(start_call(at.plugin, method, at.plugin.credentials))
        missing = status == "UNIMPLEMENTED" and method.name not in ADDED
        expect(status not in WRONG and not missing, f"{method.name} ended with {status}")


@check("calls.unknown_method", "2.4")
async def unknown_method(at: Bench) -> None:
    """a method that is not there is UNIMPLEMENTED"""
    call = raw_call(at.plugin.channel, "OfALaterVersion")
    await refused(call(b"", metadata=at.plugin.credentials), "UNIMPLEMENTED", "OfALaterVersion")


@check("calls.unknown_agent", "2.6")
async def unknown_agent(at: Bench) -> None:
    """an agent that it does not host is NOT_FOUND"""
    for name in WITH_AGENT:
        request = getattr(pb, f"{name}Request")(agent_id="nobody-of-that-name")
        await refused(at.plugin.call(name, request), "NOT_FOUND", name)
    stream = at.plugin.stream("hello", agent="nobody-of-that-name")
    try:
        async for _ in stream:
            raise Failed("ProcessMessageStream answered")
    except grpc.aio.AioRpcError as error:
        same(error.code().name, "NOT_FOUND", "ProcessMessageStream's status")


@check("calls.empty_stream", "2.6")
async def empty_stream(at: Bench) -> None:
    """a stream without a message is INVALID_ARGUMENT"""
    call = at.plugin.stub.ProcessMessageStream(iter(()), metadata=at.plugin.credentials, timeout=10)
    await refused(call.read(), "INVALID_ARGUMENT", "an empty stream")


@check("calls.bad_json", "2.3")
async def bad_json(at: Bench) -> None:
    """a JSON text that is no object is an error of its call"""
    for text in ("[1]", "nonsense"):
        created = await at.plugin.call(
            "CreateAgent", pb.CreateAgentRequest(id="x", config_json=text)
        )
        expect(not created.success and created.error, f"CreateAgent took the configuration {text}")
        updated = await at.plugin.call("UpdateConfig", pb.UpdateConfigRequest(config_json=text))
        expect(not updated.success and updated.error, f"UpdateConfig took the configuration {text}")


@check("calls.health", "2.7")
async def health(at: Bench) -> None:
    """grpc.health.v1 answers Check for live and ready, and NOT_FOUND for others"""
    for service in ("", "live", "ready", PLUGIN_SERVICE):
        told = await _health(at, service, at.plugin.credentials)
        same(told, HEALTHY, f"the answer for {service or 'the empty name'!r}")
    await refused(_health(at, "other", at.plugin.credentials), "NOT_FOUND", "an unknown service")


@check("calls.health_watch", "2.7")
async def health_watch(at: Bench) -> None:
    """grpc.health.v1 answers Watch at once"""
    watch: Any = at.plugin.channel.unary_stream(f"/{SERVICE}/Watch")
    call = watch(_named("ready"), metadata=at.plugin.credentials, timeout=10)
    try:
        same(await call.read(), HEALTHY, "the first answer of Watch")
    finally:
        call.cancel()


@check("calls.counts", "2.8")
async def counts(at: Bench) -> None:
    """HealthCheck counts messages, and none is in flight afterwards"""
    before = await at.plugin.health()
    same(before.status, pb.HealthCheckResponse.SERVING, f"the status ({before.detail})")
    await at.send(at.cases.case("message"))
    after = await at.plugin.health()
    same(after.messages_total, before.messages_total + 1, "messages_total after one message")
    same(after.in_flight, 0, "in_flight")


@check("calls.side_by_side", "2.8")
async def side_by_side(at: Bench) -> None:
    """sixteen messages at once are all answered, each to its own caller"""
    case = at.cases.case("message")
    requests = [at.plugin.request(*case.content, metadata=case.metadata) for _ in range(16)]
    answers = await asyncio.gather(
        *(at.plugin.call("ProcessMessage", each, at.patience) for each in requests)
    )
    same(
        [each.request_id for each in answers], [each.request_id for each in requests], "request_id"
    )


@check("calls.not_waiting", "2.8")
async def not_waiting(at: Bench) -> None:
    """a slow message keeps no other waiting"""
    async with at.running(at.plugin, 6):
        answer = await at.send(at.cases.case("message"), timeout=4)
        expect(answer.success, f"the other one failed: {answer.error}")


@check("calls.odd_messages", "2.5")
async def odd_messages(at: Bench) -> None:
    """data, files, links and nothing at all do not end the process"""
    for part in (
        pb.Part(raw=b"\0\xff"),
        pb.Part(url="https://example.org/"),
        pb.Part(data="[null]"),
    ):
        request = at.plugin.request("x")
        request.message.parts[0].CopyFrom(part)
        status = await status_of(at.plugin.call("ProcessMessage", request, at.patience))
        expect(status == "OK", f"a message of {part.WhichOneof('content')} ended with {status}")
    request = at.plugin.request("x")
    del request.message.parts[:]
    request.message.payload.text.content = "hello"
    status = await status_of(at.plugin.call("ProcessMessage", request, at.patience))
    expect(status == "OK", f"a message with a payload in place of parts ended with {status}")


async def _health(at: Bench, service: str, metadata: object) -> bytes:
    return await _health_over(at.plugin.channel, service, metadata)


async def _health_over(channel: grpc.aio.Channel, service: str, metadata: object) -> bytes:
    check_call: Any = channel.unary_unary(f"/{SERVICE}/Check")
    answer = await check_call(_named(service), metadata=metadata, timeout=10)
    assert isinstance(answer, bytes)
    return answer


def _named(service: str) -> bytes:
    return b"\x0a" + bytes((len(service),)) + service.encode() if service else b""
