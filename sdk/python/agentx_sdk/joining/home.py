"""AgentX as one finds it: who it proves to be, and what it gives to who joins."""

import asyncio
import hashlib
import os
import socket
import ssl
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import grpc.aio

from agentx_sdk._wire import plugin_home_pb2 as pb
from agentx_sdk._wire.plugin_home_pb2_grpc import PluginHomeStub
from agentx_sdk.joining.asked import Asked
from agentx_sdk.joining.failures import EXIT_AWAY, EXIT_REFUSED, JoinFailed, extra
from agentx_sdk.joining.keys import request_of
from agentx_sdk.version import CONTRACTS, SDK

HOME = "home.agentx.internal"  # the name in the gateway's certificate
CALL_SECONDS = 10.0
OPTIONS = (
    ("grpc.ssl_target_name_override", HOME),
    ("grpc.enable_http_proxy", 0),
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.http2.max_pings_without_data", 0),
)


@dataclass(frozen=True)
class Facts:
    """What plugin.yaml says of this plugin."""

    plugin: str
    version: str


def facts() -> Facts:
    """Raises JoinFailed."""
    path = Path(sys.argv[0]).resolve().parent / "plugin.yaml"
    yaml = extra("yaml")
    try:
        metadata = yaml.safe_load(path.read_bytes())["metadata"]
        return Facts(str(metadata["name"]), str(metadata["version"]))
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise JoinFailed(f"{path} does not name the plugin and its version: {error!r}") from None


async def trusted_root(host: str, port: int, fingerprint: str) -> bytes:
    """The authority's certificate, if it is the one that the token speaks of. Raises JoinFailed.

    Whoever answers is asked for it over a connection that proves nothing yet; it has to have that sha256, and the
    next connection has to be one that it vouches for.
    """
    try:
        leaf = await asyncio.to_thread(ssl.get_server_certificate, (host, port), timeout=10)
    except (OSError, ValueError) as error:
        raise JoinFailed(f"{host}:{port} does not speak TLS: {error}", EXIT_AWAY) from None
    async with channel(host, port, leaf.encode()) as line:
        request = pb.GetAuthorityRequest()
        answer = await _told(PluginHomeStub(line).GetAuthority(request, timeout=CALL_SECONDS))
    root: bytes = answer.root_pem
    try:
        found = hashlib.sha256(ssl.PEM_cert_to_DER_cert(root.decode())).hexdigest()
    except ValueError:
        found = ""
    if found != fingerprint:
        raise JoinFailed(
            f"{host}:{port} is not the AgentX that made this token: its authority is another one."
        )
    return root


async def joined(wanted: Asked, told_of: Facts, framework: str, key: bytes) -> pb.JoinResponse:
    """What it gives to this process. Raises JoinFailed."""
    root = await trusted_root(wanted.host, wanted.port, wanted.fingerprint)
    request = pb.JoinRequest(
        token=wanted.secret,
        csr_pem=request_of(key),
        plugin=told_of.plugin,
        version=told_of.version,
        machine=socket.gethostname(),
        pid=os.getpid(),
        sdk=SDK,
        framework=framework,
        contracts=CONTRACTS,
    )
    async with channel(wanted.host, wanted.port, root) as line:
        return await _told(PluginHomeStub(line).Join(request, timeout=CALL_SECONDS))


def channel(host: str, port: int, root: bytes, key: bytes = b"", certificate: bytes = b"") -> Any:
    """To a gateway that `root` vouches for."""
    credentials = grpc.ssl_channel_credentials(root, key or None, certificate or None)
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return grpc.aio.secure_channel(f"dns:///{place}", credentials, options=OPTIONS)


async def _told(call: Any) -> Any:
    try:
        return await call
    except grpc.aio.AioRpcError as error:
        away = error.code() == grpc.StatusCode.UNAVAILABLE
        raise JoinFailed(
            f"AgentX did not let it in: {error.details()}", EXIT_AWAY if away else EXIT_REFUSED
        ) from None
