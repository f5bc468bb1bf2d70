"""What the command line and the environment say about calling home."""

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from agentx_sdk.tls import ANY_PORT

MARK = "agxj_"


@dataclass(frozen=True)
class Asked:
    """Where to call home, with what, and where to be called."""

    host: str
    port: int
    secret: str = field(repr=False)
    fingerprint: str
    # Also what AgentX calls; empty: every address, and the one this call comes from.
    listen_host: str = ""
    listen_port: int = ANY_PORT


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


def _token_told() -> str:
    if path := os.environ.get("AGENTX_JOIN_TOKEN_FILE"):
        return Path(path).read_text().strip()
    return os.environ.get("AGENTX_JOIN_TOKEN", "")


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
