"""One web process on the socket that the runner holds: `python -m agentx_site.up.web FD`.

uvicorn's own --fd takes every socket for a unix one and so loses TCP_NODELAY.
"""

import socket
import sys

import uvicorn

GRACE = 3  # seconds for open answers; streams that last longer are resumed by their clients


def main(descriptor: int) -> None:
    config = uvicorn.Config(
        "agentx_site.asgi:application",
        ws="websockets-sansio",
        lifespan="on",
        log_config=None,  # Django's settings decide how logs look
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=GRACE,
        timeout_keep_alive=75,
    )
    server = uvicorn.Server(config)
    server.run(sockets=[socket.socket(fileno=descriptor)])
    if not server.started:
        sys.exit(3)


if __name__ == "__main__":
    main(int(sys.argv[1]))
