"""Plugins on TCP: mutual TLS with the certificate of this very launch, renewed without losing a message."""

import asyncio
import contextlib
import json
import shutil
import ssl
from datetime import UTC, datetime
from pathlib import Path

import grpc.aio
import pytest
from agentx_sdk.testing import Process
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from uuid_utils.compat import uuid7

from plugins_app import handshake
from plugins_app.client import certificates
from plugins_app.client.channels import OPTIONS, Channels, metadata_of, token_of
from plugins_app.client.codec import Turn
from plugins_app.client.errors import Undelivered
from plugins_app.client.lifecycle import Lifecycle
from plugins_app.client.messages import PluginMessages
from plugins_app.client.shapes import AgentSpec
from plugins_app.client.target import Target
from plugins_app.errors import CallFailed, LaunchFailed
from proto import agentx_plugin_pb2 as pb
from proto.agentx_plugin_pb2_grpc import AgentXPluginServiceStub
from security.authority import Authority, _root, authority, host_name
from tests import node_sdk

PLUGINS = Path(__file__).resolve().parents[3] / "plugins"
LANGUAGES = pytest.mark.parametrize("plugin", ["echo", "echo_node"])


@pytest.fixture
def folder(plugin, tmp_path) -> Path:
    """The plugin, with what it stands on."""
    if plugin == "echo":
        return PLUGINS / plugin
    copy: Path = shutil.copytree(PLUGINS / plugin, tmp_path / plugin, ignore=node_sdk.MADE)
    node_sdk.lend(node_sdk.copied_to(tmp_path), copy)
    return copy


@pytest.fixture
def vouching(db) -> Authority:
    return authority()


def stranger() -> Authority:
    """Another site's authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    return Authority(_root(key, datetime.now(UTC)), key)


def channels_of(vouching: Authority) -> Channels:
    channels = Channels()
    channels.identity._authority = vouching
    return channels


def given(vouching: Authority, launch_id: str, **options) -> dict:
    made = vouching.issue(launch_id, server=True, **options)
    tls = handshake.Tls(made.cert_pem, made.key_pem, vouching.root_pem, handshake.ANY_PORT)
    line = handshake.launch_line(
        launch_id=launch_id, token="", socket_dir="", lease_seconds=0, plugin="", tls=tls
    )
    return json.loads(line)["tls"]


@contextlib.asynccontextmanager
async def on_tcp(vouching: Authority, folder: Path = PLUGINS / "echo", **options):
    """A plugin on TCP, and where it is."""
    launch_id = str(uuid7())
    process = Process(
        folder,
        launch_id=launch_id,
        token=token_of(launch_id),
        lease_seconds=600,
        tls=given(vouching, launch_id, **options),
    )
    async with process:
        assert process.handshake[2] == "tcp"
        yield Target("i", f"dns:///{process.handshake[3]}", launch_id)


async def told(channels: Channels, target: Target) -> bool:
    """Whether it answers; raises when it cannot be asked."""
    health = await Lifecycle(channels).health(target, lease_seconds=600, timeout=5)
    return health.serving or health.detail == "not initialized"


def turn(agent: str) -> Turn:
    message = {"messageId": "m", "role": "ROLE_USER", "parts": [{"text": "hello"}]}
    return Turn(agent=agent, message=message, task_id="t", context_id="c")


@LANGUAGES
@pytest.mark.asyncio
async def test_a_process_on_tcp_is_called_over_mutual_tls(vouching, folder, plugin):
    channels = channels_of(vouching)
    async with on_tcp(vouching, folder) as target:
        assert await told(channels, target)
        await channels.close()


@pytest.mark.asyncio
async def test_plain_tcp_is_refused(vouching):
    async with on_tcp(vouching) as target:
        channel = grpc.aio.insecure_channel(target.address, options=OPTIONS)
        with pytest.raises(grpc.aio.AioRpcError):
            await call(channel, target)
        await channel.close()


@LANGUAGES
@pytest.mark.asyncio
async def test_who_shows_no_certificate_is_refused(vouching, folder, plugin):
    async with on_tcp(vouching, folder) as target:
        assert await refused(target, grpc.ssl_channel_credentials(vouching.root_pem))


@LANGUAGES
@pytest.mark.asyncio
async def test_who_shows_a_certificate_of_another_authority_is_refused(vouching, folder, plugin):
    other = stranger().issue("core", server=False)
    async with on_tcp(vouching, folder) as target:
        credentials = (vouching.root_pem, other.key_pem, other.cert_pem)
        assert await refused(target, grpc.ssl_channel_credentials(*credentials))


@pytest.mark.asyncio
async def test_a_plugin_cannot_call_another_one_with_the_certificate_of_its_launch(vouching):
    of_another = vouching.issue(str(uuid7()), server=True)
    async with on_tcp(vouching) as target:
        credentials = (vouching.root_pem, of_another.key_pem, of_another.cert_pem)
        assert await refused(target, grpc.ssl_channel_credentials(*credentials))


@pytest.mark.asyncio
async def test_a_certificate_that_has_ended_is_refused(vouching):
    channels = channels_of(vouching)
    async with on_tcp(vouching, seconds=-1) as target:
        with pytest.raises(CallFailed):
            await told(channels, target)
    await channels.close()


@pytest.mark.asyncio
async def test_a_process_that_shows_the_certificate_of_another_launch_gets_no_message(vouching):
    channels = channels_of(vouching)
    async with on_tcp(vouching) as target:
        claimed = Target("i", target.address, str(uuid7()))
        with pytest.raises(Undelivered):
            await PluginMessages(channels).process(claimed, turn("echo"))
    await channels.close()


@pytest.mark.asyncio
async def test_a_process_vouched_for_by_another_authority_gets_no_message(vouching):
    channels = channels_of(vouching)
    async with on_tcp(stranger()) as target:
        with pytest.raises(Undelivered):
            await PluginMessages(channels).process(target, turn("echo"))
    await channels.close()


@pytest.mark.asyncio
async def test_a_certificate_does_not_open_it_without_the_token(vouching):
    channels = channels_of(vouching)
    async with on_tcp(vouching) as target:
        claimed = Target("i", target.address, target.launch_id, token="0" * 64)
        with pytest.raises(CallFailed, match="UNAUTHENTICATED"):
            await told(channels, claimed)
    await channels.close()


@pytest.mark.asyncio
async def test_our_certificate_is_renewed_and_no_running_message_is_dropped(vouching, settings):
    settings.CERTIFICATE_SECONDS = 1
    channels = channels_of(vouching)
    messages, lifecycle = PluginMessages(channels), Lifecycle(channels)
    async with on_tcp(vouching, seconds=600) as target:
        await lifecycle.initialize(target, "echo", {}, 1)
        await lifecycle.create_agent(target, AgentSpec("slow", "slow", "", {"sleep": 1.5}))
        first = await channels.channel(target)
        running = asyncio.create_task(messages.process(target, turn("slow")))
        while await channels.channel(target) is first:
            assert await told(channels, target)
        assert not running.done(), "it was to be in flight while the channel changed"
        assert await messages.process(target, turn("slow"))
        assert await running
        await channels.close()


@LANGUAGES
@pytest.mark.asyncio
async def test_a_process_shows_its_new_certificate_and_goes_on_with_the_connections_it_has(
    vouching, folder, plugin
):
    channels = channels_of(vouching)
    async with on_tcp(vouching) as target:
        before = await shown(target)
        await told(channels, target)
        made = await certificates.renew(channels, target)
        assert await told(channels, target)
        after = await shown(target)
        assert after == x509.load_pem_x509_certificate(made.cert_pem).serial_number != before
        fresh = channels_of(vouching)
        assert await told(fresh, target)
        await fresh.close()
        await channels.close()


def test_a_handshake_must_show_what_was_issued(vouching):
    launch_id = str(uuid7())
    made, other = (vouching.issue(launch_id, server=True) for _ in range(2))
    tls, theirs = (
        handshake.Tls(each.cert_pem, each.key_pem, vouching.root_pem, handshake.ANY_PORT)
        for each in (made, other)
    )
    good = f'AGENTX1|1|tcp|127.0.0.1:4000|grpc|{tls.shown}|{{"launch_id": "{launch_id}"}}\n'
    parse = handshake.parse
    read = parse(good.encode(), launch_id=launch_id, socket_dir="/s", tls=tls)
    assert read.address == "dns:///127.0.0.1:4000"
    for line, why in (
        (good.replace(tls.shown, theirs.shown), "another certificate"),
        (good.replace(tls.shown, ""), "another certificate"),
        (good.replace("127.0.0.1", "0.0.0.0"), "not on 127.0.0.1"),
        (good.replace("tcp|127.0.0.1:4000", "unix|/s/p.sock"), "needs grpc on tcp"),
    ):
        with pytest.raises(LaunchFailed, match=why):
            parse(line.encode(), launch_id=launch_id, socket_dir="/s", tls=tls)
    with pytest.raises(LaunchFailed, match="needs grpc on unix"):
        parse(good.encode(), launch_id=launch_id, socket_dir="/s")


async def shown(target: Target) -> int:
    """The serial number of the certificate that a new connection is shown."""
    host, _, port = target.address.removeprefix("dns:///").rpartition(":")
    pem = await asyncio.to_thread(ssl.get_server_certificate, (host, int(port)))
    return x509.load_pem_x509_certificate(pem.encode()).serial_number


async def refused(target: Target, credentials: grpc.ChannelCredentials) -> bool:
    options = (*OPTIONS, ("grpc.ssl_target_name_override", host_name(target.launch_id)))
    async with grpc.aio.secure_channel(target.address, credentials, options=options) as channel:
        try:
            await call(channel, target)
        except grpc.aio.AioRpcError as error:
            return error.code() is grpc.StatusCode.UNAVAILABLE
    return False


async def call(channel: grpc.aio.Channel, target: Target) -> None:
    """With the right token: only the certificates may stand in the way."""
    stub = AgentXPluginServiceStub(channel)
    await stub.HealthCheck(pb.HealthCheckRequest(), metadata=metadata_of(target), timeout=5)
