"""What `agentx up` was asked for: options first, then the environment, then defaults."""

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from agentx_site.up.errors import UpError

PROJECT = Path(__file__).resolve().parents[2]  # holds manage.py
SERVERS = ("uvicorn", "daphne")


@dataclass(frozen=True)
class Options:
    """Ports may be 0: any free one."""

    host: str
    port: int
    grpc_port: int
    home: Path
    web_workers: int
    server: str
    demo: bool


def parse(arguments: Sequence[str], environment: Mapping[str, str] = os.environ) -> Options:
    """Raises SystemExit(2) for a bad option, as argparse does, and UpError(2) for a bad setting."""
    parser = _parser()
    given = parser.parse_args(arguments)
    home = given.home or setting("AGENTX_HOME", environment) or PROJECT / ".agentx"
    host = given.host or setting("AGENTX_HOST", environment) or "127.0.0.1"
    if given.server == "daphne" and ":" in host:
        parser.error("daphne takes an IPv6 socket for an IPv4 one: use --server uvicorn")
    return Options(
        host=host,
        port=_port(given.port, "AGENTX_PORT", environment, 8000),
        grpc_port=_port(given.grpc_port, "AGENTX_GRPC_PORT", environment, 50051),
        home=Path(home).expanduser().absolute(),
        web_workers=given.web_workers,
        server=given.server,
        demo=given.demo,
    )


def setting(name: str, environment: Mapping[str, str] = os.environ) -> str | None:
    """NAME, else what the file named by NAME_FILE holds, else None."""
    if name in environment:
        return environment[name]
    path = environment.get(f"{name}_FILE")
    if path is None:
        return None
    try:
        return Path(path).read_text().rstrip("\n")
    except OSError as error:
        raise UpError(f"{name}_FILE names {path}: {error.strerror}.", status=2) from None


def names_a_model(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether somebody said which model to use: then AgentX starts none of its own."""
    names = ("AGENTX_MODEL_URL", "AGENTX_MODEL_NAME", "AGENTX_MODEL_KEY")
    return any(setting(name, environment) for name in names)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="agentx up",
        description="Start AgentX on this machine and keep it running. Ctrl-C ends it.",
    )
    parser.add_argument("--host", help="address to listen on (AGENTX_HOST, 127.0.0.1)")
    parser.add_argument("--port", type=_number, help="console and API (AGENTX_PORT, 8000)")
    parser.add_argument("--grpc-port", type=_number, help="gRPC (AGENTX_GRPC_PORT, 50051)")
    parser.add_argument("--home", help="folder for data and secrets (AGENTX_HOME, .agentx)")
    parser.add_argument(
        "--web-workers", type=_workers, default=1, metavar="N", help="processes that serve HTTP (1)"
    )
    parser.add_argument(
        "--server", choices=SERVERS, default="uvicorn", help="what they run (uvicorn)"
    )
    parser.add_argument(
        "--no-demo",
        dest="demo",
        action="store_false",
        help="do not start the bundled agents and the demo model",
    )
    return parser


def _port(given: int | None, name: str, environment: Mapping[str, str], default: int) -> int:
    if given is not None:
        return given
    value = setting(name, environment)
    try:
        return default if value is None else _number(value)
    except argparse.ArgumentTypeError as error:
        raise UpError(f"{name}: {error}.", status=2) from None


def _number(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: give a number from 0 to 65535")
    return int(text)


def _workers(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 64:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to 64")
    return int(text)
