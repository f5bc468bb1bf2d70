"""The gRPC channels of one event loop, one per launched process, and the token that opens them.

To a unix socket they are plain; to anything else they are mutual TLS: the process must show the certificate of this very
launch, and we show one of our own, which is made when it is first needed and renewed after two thirds of its life.
"""

import asyncio
import hmac
import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

import grpc
import grpc.aio
from django.conf import settings

from plugins_app.client.errors import Undelivered
from plugins_app.client.target import Target
from security.authority import Authority, Certificate, authority, host_name
from security.crypto import SealBroken
from security.errors import Unavailable
from security.rows import ask

log = logging.getLogger(__name__)
MAX_MESSAGE: Final = 16 * 1024 * 1024
OPTIONS: Final = (
    ("grpc.max_receive_message_length", MAX_MESSAGE),
    ("grpc.max_send_message_length", MAX_MESSAGE),
    ("grpc.enable_http_proxy", 0),
    ("grpc.use_local_subchannel_pool", 1),
    # A process is there or it is gone for good: a relaunch listens at another address.
    ("grpc.initial_reconnect_backoff_ms", 50),
    ("grpc.max_reconnect_backoff_ms", 1000),
)
PLAIN: Final = (*OPTIONS, ("grpc.default_authority", "plugin"))
TOKEN_KEY: Final = "agentx-token"  # noqa: S105 - the name of a metadata key
CORE: Final = "core"  # the name in our own certificate
LAST_CALLS_SECONDS: Final = 3600.0  # those of a channel that another one took over from
RETRY: Final = timedelta(seconds=5)  # after a certificate could not be renewed


@lru_cache(maxsize=1024)
def token_of(launch_id: str) -> str:
    """The secret of one launch, as hex. Derived, so that no row and no file has to keep it."""
    message = f"plugin-launch:{launch_id}".encode()
    return hmac.new(settings.SECRET_KEY.encode(), message, "sha256").hexdigest()


def metadata_of(target: Target) -> tuple[tuple[str, str], ...]:
    """What every call to this launch carries."""
    return _metadata(target.token or token_of(target.launch_id))


@lru_cache(maxsize=1024)
def _metadata(token: str) -> tuple[tuple[str, str], ...]:
    return ((TOKEN_KEY, token),)


@dataclass(frozen=True, slots=True)
class _Line:
    """An open channel; `renew` is when another must take over, None never."""

    channel: grpc.aio.Channel
    renew: datetime | None


class Identity:
    """Who we are to processes on TCP: one certificate for all of them, of this process of ours alone."""

    def __init__(self) -> None:
        self._authority: Authority | None = None
        self._certificate: Certificate | None = None
        self._reading = asyncio.Lock()

    async def authority(self) -> Authority:
        """Read once; from then on no database is needed. Raises `Undelivered`."""
        async with self._reading:
            if self._authority is None:
                try:
                    self._authority = await ask(authority)
                except (SealBroken, Unavailable) as error:
                    raise Undelivered(f"there is no certificate to call it with: {error}") from None
        return self._authority

    async def certificate(self) -> tuple[bytes, Certificate]:
        """The authority's, and ours. Raises `Undelivered`."""
        vouching = await self.authority()
        if self._certificate is None or self._certificate.renew <= datetime.now(UTC):
            self._certificate = vouching.issue(CORE, server=False)
        return vouching.root_pem, self._certificate


class Channels:
    """Use from the event loop it was made on: a `grpc.aio` channel belongs to its loop."""

    def __init__(self) -> None:
        self.identity = Identity()
        self._lines: dict[str, _Line] = {}
        self._closing: set[asyncio.Task[None]] = set()

    async def channel(self, target: Target) -> grpc.aio.Channel:
        """The channel to this launch; opened at the first call, not by this. Do not keep it: it is renewed.

        Raises `Undelivered` when there is no certificate to show.
        """
        line = self._lines.get(target.launch_id)
        if line is None or (line.renew is not None and line.renew <= datetime.now(UTC)):
            line = await self._renewed(target, line)
        return line.channel

    async def forget(self, launch_id: str) -> None:
        """Close the channel of a process that is gone; calls on it end."""
        if (line := self._lines.pop(launch_id, None)) is not None:
            await line.channel.close()

    async def close(self) -> None:
        for launch_id in list(self._lines):
            await self.forget(launch_id)
        for task in list(self._closing):
            task.cancel()
        await asyncio.gather(*self._closing, return_exceptions=True)

    async def _renewed(self, target: Target, old: _Line | None) -> _Line:
        try:
            line = await self._opened(target)
        except Undelivered:
            if old is None:
                raise
            log.warning("no new certificate for %s: its channel goes on", target.address)
            line = _Line(old.channel, datetime.now(UTC) + RETRY)
        if (other := self._lines.get(target.launch_id)) is not old and other is not None:
            await line.channel.close()  # somebody was faster
            return other
        self._lines[target.launch_id] = line
        if old is not None and old.channel is not line.channel:
            self._retire(old.channel)
        return line

    async def _opened(self, target: Target) -> _Line:
        if target.is_local:
            return _Line(grpc.aio.insecure_channel(target.address, options=PLAIN), None)
        root, ours = await self.identity.certificate()
        credentials = grpc.ssl_channel_credentials(root, ours.key_pem, ours.cert_pem)
        name = ("grpc.ssl_target_name_override", host_name(target.launch_id))
        options = (*OPTIONS, name)
        channel = grpc.aio.secure_channel(target.address, credentials, options=options)
        return _Line(channel, ours.renew)

    def _retire(self, channel: grpc.aio.Channel) -> None:
        """Its calls go on to their ends; new ones take the new channel."""
        task = asyncio.create_task(channel.close(LAST_CALLS_SECONDS))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
