"""Agents elsewhere over gRPC: another AgentX's gateway is the upstream, in both versions."""

import asyncio
import socket
from contextlib import aclosing

import grpc.aio
import pytest
import pytest_asyncio

from plugins_app.client.errors import Broken, TurnFailed, Undelivered
from registry.interfaces import Interface
from routing.remote.agents import upstream_of
from routing.remote.grpc_wire import failure
from routing.remote.upstream import Refused
from tests.gateways import Gate
from tests.web import message, state, text_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]


@pytest.fixture(autouse=True)
def allowed(settings):
    settings.WEBHOOK_ALLOW = ["127.0.0.1/32"]


@pytest_asyncio.fixture(params=["1.0", "0.3"])
async def upstream(request, gate):
    upstream = upstream_of(Interface(gate.address, "GRPC", request.param, tenant="slow"))
    yield upstream
    await upstream.close()


@pytest.fixture
def headers(key):
    # 0.3 has no tenant: the metadata names the agent.
    return {"Authorization": f"Bearer {key}", "X-AgentX-Agent": "slow"}


async def test_it_sends_gets_and_cancels(upstream, headers):
    answer = await upstream.send({"message": message("hello")}, headers, timeout=20)
    task = answer["task"]
    assert (state(task), text_of(task)) == ("COMPLETED", "hello")
    assert text_of(await upstream.get(task["id"], headers)) == "hello"
    later = {
        "message": message("x", metadata={"sleep": 60}),
        "configuration": {"returnImmediately": True},
    }
    begun = (await upstream.send(later, headers, timeout=20))["task"]
    assert state(await upstream.cancel(begun["id"], headers)) == "CANCELED"


async def test_it_streams_and_subscribes(upstream, headers):
    told = []
    async with aclosing(
        upstream.stream({"message": message("hello", metadata={"sleep": 2})}, headers)
    ) as responses:
        async for response in responses:
            told.append(response)
            if len(told) == 1:
                following = asyncio.create_task(_all(upstream, response["task"]["id"], headers))
    assert told[-1]["statusUpdate"]["status"]["state"] == "TASK_STATE_COMPLETED"
    followed = await following
    assert followed[0]["task"]["id"] == told[0]["task"]["id"]
    assert followed[-1]["statusUpdate"]["status"]["state"] == "TASK_STATE_COMPLETED"


async def _all(upstream, task_id, headers):
    return [each async for each in upstream.subscribe(task_id, headers)]


async def test_refusals_keep_their_meaning(upstream, headers):
    with pytest.raises(Refused) as refused:
        await upstream.get("no-such-task", headers)
    assert refused.value.code == "task_not_found"
    ended = (await upstream.send({"message": message()}, headers, timeout=20))["task"]
    with pytest.raises(Refused) as refused:
        await _all(upstream, ended["id"], headers)
    assert refused.value.code == "unsupported_operation"
    with pytest.raises(TurnFailed) as failed:
        await upstream.get(ended["id"], headers | {"Authorization": "Bearer wrong"})
    assert failed.value.code == "upstream_unauthorized"


async def test_one_channel_serves_many_calls(upstream, headers):
    await asyncio.gather(*(_read_missing(upstream, headers) for _ in range(20)))
    channel = upstream._line._channel
    await _read_missing(upstream, headers)
    assert upstream._line._channel is channel


async def _read_missing(upstream, headers):
    with pytest.raises(Refused):
        await upstream.get("no-such-task", headers)


async def test_a_server_that_ends_is_lost_in_the_middle(key, hosted, headers):
    async with Gate(key) as gate:
        upstream = upstream_of(Interface(gate.address, "GRPC", "1.0", "slow"))
        async with aclosing(
            upstream.stream({"message": message(metadata={"sleep": 60})}, headers)
        ) as responses:
            assert "task" in await anext(responses)
            ending = asyncio.create_task(gate.gateway._server.stop(0))
            with pytest.raises(Broken):
                async for _ in responses:
                    pass
            await ending
        with pytest.raises(Undelivered):
            await upstream.get("x", headers)
        await upstream.close()


async def test_a_call_that_found_no_server_any_more_was_not_delivered():
    """Between the look at the channel and the call: not one byte left, so it may be sent again."""
    async with grpc.aio.insecure_channel("127.0.0.1:1") as channel:
        call = channel.unary_unary("/lf.a2a.v1.A2AService/GetTask")(b"")
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await call
    assert isinstance(failure(refused.value), Undelivered)


async def test_nobody_there_is_told_at_once(headers):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        upstream = upstream_of(Interface(f"127.0.0.1:{probe.getsockname()[1]}", "GRPC"))
        async with asyncio.timeout(6):
            with pytest.raises(Undelivered):
                await upstream.send({"message": message()}, headers, timeout=20)
    await upstream.close()


@pytest.mark.parametrize("url", ["127.0.0.1:9", "localhost:9", "grpc://127.0.0.1:9"])
async def test_private_addresses_are_not_dialled(settings, headers, url):
    settings.WEBHOOK_ALLOW = []
    upstream = upstream_of(Interface(url, "GRPC"))
    with pytest.raises(Undelivered, match="private"):
        await upstream.get("x", headers)


@pytest.mark.parametrize("url", ["ftp://127.0.0.1:9", "", "host:port"])
async def test_what_is_no_address_is_told(headers, url):
    with pytest.raises(Undelivered):
        await upstream_of(Interface(url, "GRPC")).get("x", headers)
