"""The gRPC channels of one event loop, one per launched process, and the token that opens them."""

import hmac
from functools import lru_cache
from typing import Final

import grpc.aio
from django.conf import settings

from plugins_app.client.target import Target

MAX_MESSAGE: Final = 16 * 1024 * 1024
OPTIONS: Final = (
    ("grpc.max_receive_message_length", MAX_MESSAGE),
    ("grpc.max_send_message_length", MAX_MESSAGE),
    ("grpc.enable_http_proxy", 0),
    ("grpc.use_local_subchannel_pool", 1),
    # A process is there or it is gone for good: a relaunch listens at another address.
    ("grpc.initial_reconnect_backoff_ms", 50),
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.default_authority", "plugin"),
)
TOKEN_KEY: Final = "agentx-token"  # noqa: S105 - the name of a metadata key


@lru_cache(maxsize=1024)
def token_of(launch_id: str) -> str:
    """The secret of one launch, as hex. Derived, so that no row and no file has to keep it."""
    message = f"plugin-launch:{launch_id}".encode()
    return hmac.new(settings.SECRET_KEY.encode(), message, "sha256").hexdigest()


@lru_cache(maxsize=1024)
def metadata_of(launch_id: str) -> tuple[tuple[str, str], ...]:
    """What every call to this launch carries."""
    return ((TOKEN_KEY, token_of(launch_id)),)


class Channels:
    """Use from the event loop it was made on: a `grpc.aio` channel belongs to its loop."""

    def __init__(self) -> None:
        self._channels: dict[str, grpc.aio.Channel] = {}

    def channel(self, target: Target) -> grpc.aio.Channel:
        """The channel to this launch; opened at the first call, not by this."""
        channel = self._channels.get(target.launch_id)
        if channel is None:
            channel = grpc.aio.insecure_channel(target.address, options=OPTIONS)
            self._channels[target.launch_id] = channel
        return channel

    async def forget(self, launch_id: str) -> None:
        """Close the channel of a process that is gone; calls on it end."""
        if (channel := self._channels.pop(launch_id, None)) is not None:
            await channel.close()

    async def close(self) -> None:
        for launch_id in list(self._channels):
            await self.forget(launch_id)
