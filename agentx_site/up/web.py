"""One web process on the socket that the runner holds: `python -m agentx_site.up.web FD`.

uvicorn's own --fd takes every socket for a unix one and so loses TCP_NODELAY.
"""

import asyncio
import socket
import sys
from importlib import import_module

import uvicorn

from agentx_site.up.heads import BoundedHttp
from agentx_site.up.options import setting

GRACE = 3  # seconds for open answers; streams that last longer are resumed by their clients


class Server(uvicorn.Server):
    """Ends running turns while their callers are still connected, so that each hears how its task ended."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        draining = asyncio.create_task(import_module("agentx_site.asgi").switchboard.drain())
        await super().shutdown(sockets)
        await draining


def configuration() -> uvicorn.Config:
    """A caller's address is the one that connects, unless a proxy we were told of says another."""
    proxies = setting("AGENTX_TRUSTED_PROXIES")
    return uvicorn.Config(
        "agentx_site.asgi:application",
        http=BoundedHttp,
        ws="websockets-sansio",
        lifespan="on",
        log_config=None,  # Django's settings decide how logs look
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=GRACE,
        timeout_keep_alive=75,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies or None,
    )


def main(descriptor: int) -> None:
    server = Server(configuration())
    server.run(sockets=[socket.socket(fileno=descriptor)])
    if not server.started:
        sys.exit(3)


if __name__ == "__main__":
    main(int(sys.argv[1]))
