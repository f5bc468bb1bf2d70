"""One process of the model stub on a socket: `python -m agentx_site.model_stub.serve FD` as `agentx up` starts it."""

import socket
import sys

import uvicorn

from agentx_site.model_stub.app import Stub
from agentx_site.model_stub.recording import Recording

GRACE = 1  # seconds for answers that are under way


def listening(host: str, port: int) -> socket.socket:
    """A socket; port 0 is any free one. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=1024)
    listener.set_inheritable(True)
    return listener


def url_of(listener: socket.socket) -> str:
    """The base URL that clients are given."""
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/v1"


def serve(listener: socket.socket, *, delay: float = 0.0, records: bool = True) -> None:
    """Until SIGINT or SIGTERM."""
    config = uvicorn.Config(
        Stub(Recording(records), delay),
        http="httptools",
        ws="none",
        lifespan="off",
        access_log=False,
        log_level="critical",  # an ordered cut of a connection is an error to uvicorn
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE,
        timeout_keep_alive=75,
    )
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    # What people say to agents is not kept: anybody on this machine could read it.
    serve(socket.socket(fileno=int(sys.argv[1])), records=False)
