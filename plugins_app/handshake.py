"""The two lines of a plugin's start: the launch line in, the handshake line out. Pure."""

import hmac
import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import orjson

from plugins_app.errors import LaunchFailed

CORE: Final = "AGENTX1"
CONTRACTS: Final = (1,)
COOKIE_NAME: Final = "AGENTX_PLUGIN_COOKIE"
COOKIE: Final = "agentx-plugin-v1"
FD_NAME: Final = "AGENTX_HANDSHAKE_FD"
FD: Final = 3
FIELDS: Final = 7
MAX_LINE: Final = 64 * 1024
LOOPBACK: Final = "127.0.0.1"
ANY_PORT: Final = -1
_NUMBER: Final = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Handshake:
    """Where a plugin process listens and what it speaks."""

    contract: int
    address: str  # "unix:<path>" or "dns:///127.0.0.1:<port>"
    about: dict[str, Any]  # pid, sdk, framework, launch_id


@dataclass(frozen=True, slots=True)
class Tls:
    """What a process on TCP is given: a certificate of this launch, its key, and the authority's. All PEM."""

    certificate: bytes
    key: bytes = field(repr=False)
    root: bytes
    port: int  # the first to try; ANY_PORT: any free one
    expires: datetime | None = None  # for us, not told

    @property
    def shown(self) -> str:
        """The certificate as it must stand in the handshake line: its DER in base64."""
        return "".join(self.certificate.decode().split("-----")[2].split())


def launch_line(
    *,
    launch_id: str,
    token: str,
    socket_dir: str,
    lease_seconds: int,
    plugin: str,
    tls: Tls | None = None,
) -> bytes:
    """What a plugin process reads on its standard input."""
    told: dict[str, Any] = {
        "launch_id": launch_id,
        "token": token,
        "socket_dir": socket_dir,
        "contracts": list(CONTRACTS),
        "lease_seconds": lease_seconds,
        "plugin": plugin,
    }
    if tls is not None:
        told["tls"] = {
            "certificate": tls.certificate.decode(),
            "key": tls.key.decode(),
            "root": tls.root.decode(),
            "host": LOOPBACK,
            "port": tls.port,
        }
    return json.dumps(told).encode() + b"\n"


def parse(line: bytes, *, launch_id: str, socket_dir: str, tls: Tls | None = None) -> Handshake:
    """Understand a handshake line. Raises `LaunchFailed` with a sentence that says what to mend."""
    fields = line.decode(errors="replace").rstrip("\r\n").split("|", FIELDS - 1)
    if fields[0] != CORE:
        raise LaunchFailed(_not_our_core(fields[0]))
    if len(fields) < FIELDS:
        raise LaunchFailed(f"Its handshake has {len(fields)} fields, not {FIELDS}.")
    _, contract, network, address, protocol, certificate, about = fields
    if network == "error":
        raise LaunchFailed(address[:1].upper() + address[1:500].rstrip(".") + ".")
    if not _NUMBER.fullmatch(contract) or int(contract) not in CONTRACTS:
        raise LaunchFailed(_wrong_contract(contract))
    wanted = "unix" if tls is None else "tcp"
    if (network, protocol) != (wanted, "grpc"):
        told = f"It listens with {protocol} on {network}; AgentX needs grpc on {wanted}."
        raise LaunchFailed(told)
    place = _socket(address, socket_dir) if tls is None else _port(address, certificate, tls)
    return Handshake(int(contract), place, _about(about, launch_id))


def _socket(address: str, socket_dir: str) -> str:
    name = address.removeprefix(f"{socket_dir}/")
    if name == address or "/" in name or name in ("", ".", "..") or not name.isprintable():
        raise LaunchFailed(f"It listens at {address[:200]}, outside of the folder it was given.")
    return f"unix:{address}"


def _port(address: str, certificate: str, tls: Tls) -> str:
    host, _, port = address.rpartition(":")
    if host != LOOPBACK or not _NUMBER.fullmatch(port):
        raise LaunchFailed(f"It listens at {address[:80]}, not on {LOOPBACK} as it was told.")
    if not hmac.compare_digest(certificate.encode(), tls.shown.encode()):
        raise LaunchFailed("It shows another certificate than the one of its launch.")
    return f"dns:///{address}"


def _about(text: str, launch_id: str) -> dict[str, Any]:
    try:
        about = orjson.loads(text)
    except ValueError:
        about = None
    if not isinstance(about, dict):
        raise LaunchFailed("The last field of its handshake is not a JSON object.")
    if about.get("launch_id") != launch_id:
        raise LaunchFailed("Its handshake belongs to another launch.")
    return about


def _not_our_core(found: str) -> str:
    if found.startswith("AGENTX") and _NUMBER.fullmatch(found[6:]):
        side = "AgentX" if int(found[6:]) > int(CORE[6:]) else "the plugin's agentx-sdk"
        return f"It speaks the handshake {found}, AgentX {CORE}: upgrade {side}."
    return f"It did not begin with a handshake but with {found[:80]!r}: is this an AgentX plugin?"


def _wrong_contract(contract: str) -> str:
    ours = ", ".join(map(str, CONTRACTS))
    if not _NUMBER.fullmatch(contract):
        return f"Its handshake names the contract {contract[:20]!r}; AgentX speaks {ours}."
    side = "AgentX" if int(contract) > max(CONTRACTS) else "the plugin's agentx-sdk"
    return f"It speaks contract {contract}, AgentX {ours}: upgrade {side}."
