"""A gRPC channel to one agent elsewhere: to addresses that were looked at first, kept, made anew when it fails."""

import asyncio
import socket
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import grpc
import grpc.aio

from plugins_app.client.errors import Undelivered
from routing.limits import CONNECT_SECONDS, MAX_UPSTREAM_BYTES
from security.outbound import LookedAt

TLS_SCHEMES: Final = {"grpcs": True, "https": True, "grpc": False, "http": False}
TLS_PORT: Final = 443
PLAIN_PORT: Final = 80
OPTIONS: Final = (
    ("grpc.max_receive_message_length", MAX_UPSTREAM_BYTES),
    ("grpc.max_send_message_length", MAX_UPSTREAM_BYTES),
    ("grpc.enable_http_proxy", 0),
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.service_config_disable_resolution", 1),
)
FAILED: Final = (grpc.ChannelConnectivity.TRANSIENT_FAILURE, grpc.ChannelConnectivity.SHUTDOWN)


class Place(NamedTuple):
    host: str
    port: int
    secure: bool


def place_of(url: str) -> Place:
    """Raises `ValueError`."""
    parts = urlsplit(url if "//" in url else f"//{url}")
    if parts.scheme not in ("", *TLS_SCHEMES) or not parts.hostname:
        raise ValueError("its URL must be host:port")
    secure = TLS_SCHEMES.get(parts.scheme)
    port = parts.port or (PLAIN_PORT if secure is False else TLS_PORT)
    return Place(parts.hostname, port, port == TLS_PORT if secure is None else secure)


class Line:
    """`url`: "host:port", with TLS on port 443, or with a scheme: grpc, grpcs, http, https."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._channel: grpc.aio.Channel | None = None

    async def channel(self) -> grpc.aio.Channel:
        """One that is connected. Raises `Undelivered` within CONNECT_SECONDS."""
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                channel = self._channel or await self._made()
                await _connected(channel)
                return channel
        except TimeoutError:
            told = f"it does not take a connection within {CONNECT_SECONDS:.0f} s"
        except (OSError, ValueError) as error:
            told = str(getattr(error, "strerror", None) or error)
        await self.close()  # the next call looks the name up again
        raise Undelivered(told)

    async def close(self) -> None:
        channel, self._channel = self._channel, None
        if channel is not None:
            await channel.close()

    async def _made(self) -> grpc.aio.Channel:
        place = place_of(self._url)
        target = await _looked_up(place)
        if self._channel is None:  # who asked at the same time may have been quicker
            self._channel = _dialled(place, target)
        return self._channel


async def _looked_up(place: Place) -> str:
    """The vetted addresses as gRPC writes them, of one family."""
    found = await LookedAt().resolve(place.host, place.port)
    family = found[0]["family"]
    hosts = [each["host"] for each in found if each["family"] == family]
    if family == socket.AF_INET6:
        return "ipv6:" + ",".join(f"[{host}]:{place.port}" for host in hosts)
    return "ipv4:" + ",".join(f"{host}:{place.port}" for host in hosts)


def _dialled(place: Place, target: str) -> grpc.aio.Channel:
    """Certificates are for the name, whatever the address it was looked up to."""
    options: list[tuple[str, Any]] = [*OPTIONS]
    options.append(("grpc.default_authority", f"{place.host}:{place.port}"))
    if not place.secure:
        return grpc.aio.insecure_channel(target, options=options)
    options.append(("grpc.ssl_target_name_override", place.host))
    return grpc.aio.secure_channel(target, grpc.ssl_channel_credentials(), options=options)


async def _connected(channel: grpc.aio.Channel) -> None:
    state = channel.get_state(try_to_connect=True)
    while state is not grpc.ChannelConnectivity.READY:
        if state in FAILED:
            raise ConnectionError("it does not take connections")
        await channel.wait_for_state_change(state)
        state = channel.get_state(try_to_connect=True)
