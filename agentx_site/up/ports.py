"""The addresses AgentX listens on, checked before anything is started."""

import errno
import socket

from agentx_site.up.errors import UpError

BACKLOG = 2048
LOOPBACK = "127.0.0.1"
ANY = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - to be looked up, not bound


def listen(host: str, port: int) -> socket.socket:
    """The console's socket. The runner holds it and every web process serves it.

    So nobody else can take the port while web restarts, and callers wait instead of being refused.
    """
    listener = _bound(host, port, "--port")
    listener.listen(BACKLOG)
    listener.set_inheritable(True)
    return listener


def check(host: str, port: int, option: str) -> int:
    """The port, or a free one for 0. Raises UpError when a child could not listen there."""
    with _bound(host, port, option) as probe:
        chosen: int = probe.getsockname()[1]
        return chosen


def url_host(host: str) -> str:
    """How a client on this machine spells the host in a URL."""
    host = ANY.get(host, host)
    return f"[{host}]" if ":" in host else host


def _bound(host: str, port: int, option: str) -> socket.socket:
    try:
        family, kind, proto, _, address = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError:
        raise UpError(
            f"{host} is no address of this machine: choose another with --host."
        ) from None
    bound = socket.socket(family, kind, proto)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except OSError as error:
        bound.close()
        raise UpError(_refusal(error, host, port, option)) from None
    return bound


def _refusal(error: OSError, host: str, port: int, option: str) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return f"Port {port} on {host} is taken: free it or choose another with {option}."
        case errno.EACCES:
            return f"Port {port} is kept for root: choose one above 1023 with {option}."
        case errno.EADDRNOTAVAIL:
            return f"{host} is no address of this machine: choose another with --host."
        case _:
            return f"Port {port} on {host} cannot be used: {error.strerror}."
