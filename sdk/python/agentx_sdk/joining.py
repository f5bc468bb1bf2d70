"""Call home: a plugin process on any machine joins an AgentX, serves it, and stays until it is sent away.

`python main.py --join HOST:PORT --token TOKEN [--listen HOST:PORT]`, or the same as AGENTX_JOIN, AGENTX_JOIN_TOKEN (or
AGENTX_JOIN_TOKEN_FILE) and AGENTX_JOIN_LISTEN. Needs `agentx-sdk[join]`. The token holds the sha256 of the authority's
certificate: to an AgentX that cannot show that one, the secret is never said. Our key never leaves this process.
"""

import argparse
import asyncio
import hashlib
import logging
import os
import random
import signal
import socket
import ssl
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import grpc.aio

from agentx_sdk import handshake, logs
from agentx_sdk._wire import plugin_home_pb2 as pb
from agentx_sdk._wire.plugin_home_pb2_grpc import PluginHomeStub
from agentx_sdk.adapter import Adapter
from agentx_sdk.lease import Lease
from agentx_sdk.server import PluginServer
from agentx_sdk.tls import ANY_PORT, Tls
from agentx_sdk.version import CONTRACTS, SDK

logger = logging.getLogger("agentx_sdk.joining")

MARK = "agxj_"
HOME = "home.agentx.internal"  # the name in the gateway's certificate
EVERYWHERE = "0.0.0.0"  # noqa: S104 - who calls must show AgentX's certificate
CALL_SECONDS = 10.0
AGAIN_SECONDS = (0.2, 5.0)  # between attempts to attend, the first and the longest
DRAIN_SECONDS = 5.0
EXIT_REFUSED = 77  # sysexits.h: no permission
EXIT_AWAY = 69  # sysexits.h: a service is unavailable
EXIT_AGAIN = 75  # sysexits.h: whoever started it should start it again
EXIT_ORPHAN = 4
OPTIONS = (
    ("grpc.ssl_target_name_override", HOME),
    ("grpc.enable_http_proxy", 0),
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.http2.max_pings_without_data", 0),
)


class JoinFailed(Exception):
    """It did not get in. The text says why; `status` is what to exit with."""

    def __init__(self, reason: str, status: int = EXIT_REFUSED) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True)
class Asked:
    """Where to call home, with what, and where to be called."""

    host: str
    port: int
    secret: str = field(repr=False)
    fingerprint: str
    listen_host: str = (
        ""  # also what AgentX calls; empty: every address, and the one this call comes from
    )
    listen_port: int = ANY_PORT


@dataclass(frozen=True)
class Facts:
    """What plugin.yaml says of this plugin."""

    plugin: str
    version: str


def asked(arguments: Sequence[str]) -> "Asked | None":
    """What the command line says, and the environment where it is silent; None: nothing about joining.

    Ends the program with a sentence when it cannot be understood.
    """
    parser = argparse.ArgumentParser(description="An AgentX plugin that calls home.")
    parser.add_argument("--join", metavar="HOST:PORT", default=os.environ.get("AGENTX_JOIN"))
    parser.add_argument("--token", default=_token_told())
    parser.add_argument("--token-file", type=Path)
    parser.add_argument("--listen", metavar="HOST:PORT", default=_listen_told())
    given, _others = parser.parse_known_args(arguments)
    if not given.join:
        return None
    os.environ.pop("AGENTX_JOIN_TOKEN", None)  # what the adapter starts is not to see it
    token = given.token_file.read_text().strip() if given.token_file else given.token
    try:
        host, port = _place(given.join)
        listen_host, listen_port = _place(given.listen) if given.listen else ("", ANY_PORT)
        secret, fingerprint = _parts(token or "")
    except ValueError as error:
        parser.error(str(error))
    return Asked(host, port, secret, fingerprint, listen_host, listen_port)


async def serve(adapter: Adapter, wanted: Asked) -> int:
    """Join, serve, leave. The exit status."""
    try:
        facts = _facts()
        logs.configure(adapter.name or facts.plugin)
        process = await _joined(adapter, wanted, facts)
    except JoinFailed as error:
        sys.stderr.write(f"{error}\n")
        return error.status
    return await process.run()


async def trusted_root(host: str, port: int, fingerprint: str) -> bytes:
    """The authority's certificate, if it is the one that the token speaks of. Raises JoinFailed.

    Whoever answers is asked for it over a connection that proves nothing yet; it has to have that sha256, and the
    next connection has to be one that it vouches for.
    """
    try:
        leaf = await asyncio.to_thread(ssl.get_server_certificate, (host, port), timeout=10)
    except (OSError, ValueError) as error:
        raise JoinFailed(f"{host}:{port} does not speak TLS: {error}", EXIT_AWAY) from None
    async with _channel(host, port, leaf.encode()) as channel:
        request = pb.GetAuthorityRequest()
        answer = await _told(PluginHomeStub(channel).GetAuthority(request, timeout=CALL_SECONDS))
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


class Joined:
    """A process that got in."""

    def __init__(
        self, adapter: Adapter, wanted: Asked, answer: pb.JoinResponse, key_pem: bytes, plugin: str
    ) -> None:
        self._wanted = wanted
        self._answer = answer
        self._key = key_pem
        self._root = answer.root_pem
        tls = Tls(
            answer.certificate_pem,
            key_pem,
            answer.root_pem,
            wanted.listen_host if _is_here(wanted.listen_host) else EVERYWHERE,
            wanted.listen_port,
        )
        launch = handshake.Launch(
            answer.launch_id, answer.token, "", CONTRACTS, answer.lease_seconds, plugin, tls
        )
        self._server = PluginServer(adapter, launch, answer.contract)
        self._renew_at = _two_thirds(answer.certificate_pem)
        self._status = 0

    async def run(self) -> int:
        """Until it is sent away, told to end, or alone for a lease. The exit status."""
        loop = asyncio.get_running_loop()
        lease = Lease(
            self._answer.lease_seconds,
            on_end=lambda: loop.call_soon_threadsafe(self._alone),
            insist=lambda: os._exit(EXIT_ORPHAN),
            patience=DRAIN_SECONDS + 3,
        )
        await self._server.start(lease.renew)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._on_signal, number)
        lease.start()
        logger.info("joined as %s, listening at %s", self._answer.launch_id, self._server.address)
        attending = asyncio.create_task(self._attend())
        await self._server.ended()
        lease.release()
        attending.cancel()
        await asyncio.gather(attending, return_exceptions=True)
        return self._status

    def _alone(self) -> None:
        self._end(EXIT_ORPHAN, DRAIN_SECONDS, "no gateway was heard of for a whole lease")

    def _on_signal(self, number: int) -> None:
        seconds = 0.0 if self._server.draining else DRAIN_SECONDS
        self._end(0, seconds, signal.Signals(number).name)

    def _end(self, status: int, seconds: float, reason: str) -> None:
        self._status = status
        self._server.drain(seconds, reason)

    async def _attend(self) -> None:
        """One stream after the other: each is opened again when it breaks, and after a new certificate."""
        pause, longest = AGAIN_SECONDS
        while True:
            began = time.monotonic()
            try:
                await self._attend_once()
            except grpc.aio.AioRpcError as error:
                if error.code() == grpc.StatusCode.PERMISSION_DENIED:
                    self._end(EXIT_AGAIN, DRAIN_SECONDS, error.details() or "sent away")
                    return
                logger.warning("the gateway is away: %s", error.details())
                pause = AGAIN_SECONDS[0] if time.monotonic() - began > longest else pause
                await asyncio.sleep(pause * random.uniform(0.7, 1.3))  # noqa: S311 - spreads those who return
                pause = min(pause * 2, longest)

    async def _attend_once(self) -> None:
        """Returns when there is a new certificate to attend with. Raises AioRpcError when the stream breaks."""
        wanted, credentials = self._wanted, self._server.credentials
        assert credentials is not None
        port = self._answer.attend_port
        shown = (self._root, self._key, credentials.certificate)
        async with _channel(wanted.host, port, *shown) as channel:
            call = PluginHomeStub(channel).Attend()
            await call.write(pb.Attendance(launch_id=self._answer.launch_id, listen=self._listen()))
            errands = [
                asyncio.create_task(self._ask_for_certificate(call)),
                asyncio.create_task(self._say_farewell(call)),
            ]
            try:
                async for order in call:
                    if self._obey(order):
                        return
            finally:
                for errand in errands:
                    errand.cancel()
        raise _broken()

    def _obey(self, order: pb.Order) -> bool:
        """True: attend anew, with the certificate that came."""
        if order.HasField("leave"):
            self._end(0, order.leave.drain_seconds, order.leave.reason)
        if order.welcome:
            logger.info("welcome: messages may come")
        if not order.certificate_pem:
            return False
        credentials = self._server.credentials
        assert credentials is not None
        credentials.renew(order.certificate_pem, b"", order.root_pem)
        self._root = order.root_pem or self._root
        self._renew_at = _two_thirds(order.certificate_pem)
        return True

    async def _ask_for_certificate(self, call: Any) -> None:
        await asyncio.sleep(max(0.0, self._renew_at - time.time()))
        await call.write(pb.Attendance(csr_pem=_request(self._key)))

    async def _say_farewell(self, call: Any) -> None:
        await self._server.told_to_end()
        await call.write(pb.Attendance(leaving=True))

    def _listen(self) -> str:
        """The port is the real one by now."""
        port = self._server.address.rpartition(":")[2]
        return f"{self._wanted.listen_host}:{port}"


async def _joined(adapter: Adapter, wanted: Asked, facts: Facts) -> Joined:
    key = _new_key()
    root = await trusted_root(wanted.host, wanted.port, wanted.fingerprint)
    request = pb.JoinRequest(
        token=wanted.secret,
        csr_pem=_request(key),
        plugin=facts.plugin,
        version=facts.version,
        machine=socket.gethostname(),
        pid=os.getpid(),
        sdk=SDK,
        framework=adapter.framework,
        contracts=CONTRACTS,
    )
    async with _channel(wanted.host, wanted.port, root) as channel:
        answer = await _told(PluginHomeStub(channel).Join(request, timeout=CALL_SECONDS))
    return Joined(adapter, wanted, answer, key, facts.plugin)


def _channel(host: str, port: int, root: bytes, key: bytes = b"", certificate: bytes = b"") -> Any:
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


def _broken() -> grpc.aio.AioRpcError:
    empty = grpc.aio.Metadata()
    return grpc.aio.AioRpcError(grpc.StatusCode.UNAVAILABLE, empty, empty, "the stream ended")


def _facts() -> Facts:
    path = Path(sys.argv[0]).resolve().parent / "plugin.yaml"
    yaml = _extra("yaml")
    try:
        metadata = yaml.safe_load(path.read_bytes())["metadata"]
        return Facts(str(metadata["name"]), str(metadata["version"]))
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise JoinFailed(f"{path} does not name the plugin and its version: {error!r}") from None


def _extra(name: str) -> Any:
    try:
        return __import__(name, fromlist=["_"])
    except ImportError:
        raise JoinFailed("To call home, install agentx-sdk[join].") from None


def _new_key() -> bytes:
    ec = _extra("cryptography.hazmat.primitives.asymmetric.ec")
    forms = _extra("cryptography.hazmat.primitives.serialization")
    key: bytes = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        forms.Encoding.PEM, forms.PrivateFormat.PKCS8, forms.NoEncryption()
    )
    return key


def _request(key_pem: bytes) -> bytes:
    """PKCS #10. The name in it is nobody's: AgentX says whose certificate it will be."""
    x509 = _extra("cryptography.x509")
    hashes = _extra("cryptography.hazmat.primitives.hashes")
    forms = _extra("cryptography.hazmat.primitives.serialization")
    key = forms.load_pem_private_key(key_pem, None)
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    request: bytes = builder.sign(key, hashes.SHA256()).public_bytes(forms.Encoding.PEM)
    return request


def _two_thirds(certificate_pem: bytes) -> float:
    """When to ask for the next one, as Unix time."""
    x509 = _extra("cryptography.x509")
    ends = x509.load_pem_x509_certificate(certificate_pem).not_valid_after_utc.timestamp()
    now = time.time()
    return float(now + (ends - now) * 2 / 3)


def _token_told() -> str:
    if path := os.environ.get("AGENTX_JOIN_TOKEN_FILE"):
        return Path(path).read_text().strip()
    return os.environ.get("AGENTX_JOIN_TOKEN", "")


def _is_here(host: str) -> bool:
    """Whether it is an address of this machine: what AgentX calls may be that of a router in between."""
    try:
        family, _, _, _, place = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.bind(place)
    except OSError:
        return False
    return bool(host)


def _listen_told() -> str:
    return os.environ.get("AGENTX_JOIN_LISTEN", "")


def _place(text: str) -> "tuple[str, int]":
    host, _, port = text.rpartition(":")
    if not port.isdigit() or int(port) > 65535:
        raise ValueError(f"{text!r} is not HOST:PORT")
    return host.strip("[]"), int(port) or ANY_PORT


def _parts(token: str) -> "tuple[str, str]":
    secret, _, fingerprint = token.removeprefix(MARK).partition(".")
    if not token.startswith(MARK) or not secret or len(fingerprint) != 64:
        raise ValueError("the token is to be one that `agentx token create` made, whole")
    return secret, fingerprint
