"""Part 9: TCP, which a plugin may do without."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass

import grpc
import grpc.aio

from agentx_sdk._wire import agentx_plugin_pb2 as pb
from agentx_sdk._wire import plugin_home_pb2 as home
from agentx_sdk._wire.agentx_plugin_pb2_grpc import AgentXPluginServiceStub
from agentx_sdk.conformance.authority import Authority, Leaf, host_name
from agentx_sdk.conformance.bench import Bench, refused
from agentx_sdk.conformance.check import Failed, Skipped, check, expect, same
from agentx_sdk.server import TOKEN_KEY
from agentx_sdk.testing import Process
from agentx_sdk.tls import SERVICE, encoded

HOST = "127.0.0.1"
PLUGIN, CALLER = "conformance-launch", "conformance-caller"
SECONDS = 5.0


@dataclass
class OnTcp:
    """A process on TCP, the authority it trusts, and the certificate it was given."""

    process: Process
    authority: Authority
    leaf: Leaf

    @property
    def address(self) -> str:
        """`host:port`."""
        return self.process.handshake[3]

    def channel(self, caller: Leaf | None, authority: Authority | None = None) -> grpc.aio.Channel:
        """A connection of its own that shows this certificate, none without."""
        credentials = grpc.ssl_channel_credentials(
            (authority or self.authority).root,
            caller.key if caller else None,
            caller.certificate if caller else None,
        )
        name = host_name(PLUGIN)
        options = (("grpc.ssl_target_name_override", name), ("grpc.use_local_subchannel_pool", 1))
        return grpc.aio.secure_channel(self.address, credentials, options=options)

    async def ask(self, channel: grpc.aio.Channel, token: str = "") -> pb.GetInfoResponse:
        """GetInfo over it."""
        call = AgentXPluginServiceStub(channel).GetInfo
        metadata = ((TOKEN_KEY, token or self.process.token),)
        return await call(pb.GetInfoRequest(), metadata=metadata, timeout=SECONDS)


@contextlib.asynccontextmanager
async def on_tcp(at: Bench) -> AsyncIterator[OnTcp]:
    """Raises `Skipped` where the plugin keeps to its unix socket, and need not do otherwise."""
    authority = Authority()
    leaf = authority.leaf(PLUGIN)
    tls = {
        "certificate": leaf.certificate.decode(),
        "key": leaf.key.decode(),
        "root": authority.root.decode(),
        "host": HOST,
        "port": -1,
    }
    async with at.process(tls=tls) as process:
        if process.handshake[2] != "tcp":
            if at.manifest.get("runtime", {}).get("grpc_port"):
                raise Failed(f"it listens on {process.handshake[2]}, not on tcp")
            raise Skipped("it keeps to a unix socket")
        yield OnTcp(process, authority, leaf)


@check("tcp.handshake", "9.2", shared=False)
async def handshake(at: Bench) -> None:
    """the handshake says host and port, and shows the certificate it was given"""
    async with on_tcp(at) as it:
        _, _, _, address, protocol, certificate, _ = it.process.handshake
        host, _, port = address.rpartition(":")
        same((host, protocol), (HOST, "grpc"), "host and protocol")
        expect(port.isdigit() and int(port) > 0, f"the port is {port!r}")
        same(certificate, encoded(it.leaf.certificate), "the certificate")
        async with it.channel(it.authority.leaf(CALLER)) as channel:
            expect((await it.ask(channel)).name, "GetInfo over TCP has no name")


@check("tcp.demands", "9.1", shared=False)
async def demands(at: Bench) -> None:
    """whoever shows no certificate of its authority, or no token, is not heard"""
    async with on_tcp(at) as it:
        caller, stranger = it.authority.leaf(CALLER), Authority()
        async with grpc.aio.insecure_channel(it.address) as plain:
            await refused(it.ask(plain), "UNAVAILABLE", "a call without TLS")
        async with it.channel(None) as anonymous:
            await refused(it.ask(anonymous), "UNAVAILABLE", "a caller without a certificate")
        async with it.channel(stranger.leaf(CALLER)) as foreign:
            await refused(it.ask(foreign), "UNAVAILABLE", "a certificate of another authority")
        async with it.channel(caller) as channel:
            await refused(it.ask(channel, "0" * 64), "UNAUTHENTICATED", "a wrong token")
            await it.ask(channel)


@check("tcp.renew", "9.3", shared=False)
async def renew(at: Bench) -> None:
    """after Renew new connections are shown the new certificate, and the others go on"""
    async with on_tcp(at) as it:
        new = it.authority.leaf(PLUGIN)
        async with it.channel(it.authority.leaf(CALLER)) as channel:
            request = home.RenewRequest(
                certificate_pem=new.certificate, key_pem=new.key, root_pem=it.authority.root
            )
            answer = await _renew(it, channel, request)
            expect(answer.success, f"Renew failed: {answer.error}")
            await it.ask(channel)
        shown = await asyncio.to_thread(_shown, it)
        same(shown, encoded(new.certificate), "the certificate that is shown")


async def _renew(
    it: OnTcp, channel: grpc.aio.Channel, request: home.RenewRequest
) -> home.RenewResponse:
    call = channel.unary_unary(
        f"/{SERVICE}/Renew",
        request_serializer=home.RenewRequest.SerializeToString,
        response_deserializer=home.RenewResponse.FromString,
    )
    metadata = ((TOKEN_KEY, it.process.token),)
    try:
        answer: home.RenewResponse = await call(request, metadata=metadata, timeout=SECONDS)
    except grpc.aio.AioRpcError as error:
        if error.code() is grpc.StatusCode.UNIMPLEMENTED:
            raise Skipped("it has no Renew, and is restarted instead") from None
        raise
    return answer


def _shown(it: OnTcp) -> str:
    """What a new connection is shown; the connection need not come about."""
    host, _, port = it.address.rpartition(":")
    return encoded(ssl.get_server_certificate((host, int(port)), timeout=SECONDS).encode())
