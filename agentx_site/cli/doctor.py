"""`agentx doctor`: looks at the home, the processes, the doors, the disk; says how to mend what it finds."""

import importlib
import json
import os
import shutil
import socket
import stat
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import click

from agentx_site.cli import output
from agentx_site.cli.errors import Failed, Refused, Stranger
from agentx_site.cli.options import Connected, json_option
from agentx_site.cli.server import Server
from agentx_site.cli.target import Target, target
from agentx_site.up.runtime import boot_id, is_alive, started_ticks

if TYPE_CHECKING:
    from plugins_app.isolation import Machine

LOW_DISK: Final = 1_000_000_000  # bytes: Postgres stops at none
MARKS: Final = {"good": "✓", "odd": "!", "bad": "✗"}
COLOURS: Final = {"good": "green", "odd": "yellow", "bad": "red"}


@dataclass(frozen=True, slots=True)
class Finding:
    """`mend` says what to do about it; empty when all is well."""

    grade: Literal["good", "odd", "bad"]
    what: str
    mend: str = ""


@click.command(cls=Connected)
@json_option
@click.pass_context
def doctor(context: click.Context, json_wanted: bool) -> None:
    """What is wrong and how to mend it. Exit status 1 when something is."""
    findings = list(_examine(target(context)))
    if json_wanted:
        output.as_json([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            _say(finding)
    if any(finding.grade == "bad" for finding in findings):
        context.exit(1)


def _say(finding: Finding) -> None:
    mark = click.style(MARKS[finding.grade], fg=COLOURS[finding.grade])
    click.echo(f"{mark} {finding.what}")
    if finding.mend:
        click.echo(f"    {finding.mend}")


def _examine(aim: Target) -> Iterator[Finding]:
    yield _python()
    yield from _home(aim.home)
    # It takes Django with it, which no other command is to wait for.
    yield from _isolation(importlib.import_module("plugins_app.isolation").machine())
    run = _run(aim.home)
    yield from _processes(run, aim.home)
    try:
        yield from _doors(aim.server)
    except Refused as refusal:
        yield Finding(
            "bad",
            f"the API key is refused: {refusal.message}",
            "Give --key, or mend credentials.json.",
        )
    except Failed as failure:
        yield Finding("bad", failure.message)
        yield from _ports(run)


def _python() -> Finding:
    found = ".".join(map(str, sys.version_info[:3]))
    return Finding("good", f"Python {found}, AgentX {version('agentx')}")


def _isolation(machine: "Machine") -> Iterator[Finding]:
    """What can be put around plugins here, found by trying."""
    had = [
        "user, file and network namespaces"
        if machine.has_namespace("user", "mount", "net")
        else "",
        f"Landlock ABI {machine.landlock}" if machine.landlock else "",
        "seccomp" if machine.seccomp else "",
        *(f"{name} by cgroup {version}" for name, version in sorted(machine.cgroups.items())),
    ]
    told = ", ".join(filter(None, had)) or "nothing but limits of the process"
    yield Finding("good" if any(had) else "odd", f"plugins can be confined by {told}")
    for name, why in sorted(machine.missing.items()):
        yield Finding("odd", f"plugins cannot be confined by {name} on this machine", why)
    if machine.is_root:
        mend = "Run it as a user of its own: plugins then own none of root's files."
        yield Finding("odd", "AgentX runs as root", mend)


def _home(home: Path) -> Iterator[Finding]:
    if not home.is_dir():
        yield Finding("bad", f"{home} does not exist", "Start AgentX with `agentx up`.")
        return
    if not os.access(home, os.W_OK | os.X_OK):
        yield Finding("bad", f"{home} is not writable", f"Run `chown -R $USER {home}`.")
    free = shutil.disk_usage(home).free
    if free < LOW_DISK:
        yield Finding(
            "bad",
            f"{free // 10**6} MB of disk are left",
            "Make room: the database stops when none is.",
        )
    else:
        yield Finding("good", f"{home}, {free / 10**9:.0f} GB free")
    for name in ("credentials.json", "secret_key"):
        path = home / name
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            yield Finding("bad", f"others can read {path}", f"Run `chmod 600 {path}`.")


def _run(home: Path) -> dict[str, Any]:
    try:
        run = json.loads((home / "run.json").read_text())
    except (OSError, ValueError):
        return {}
    return run if isinstance(run, dict) and run.get("boot_id") == boot_id() else {}


def _processes(run: dict[str, Any], home: Path) -> Iterator[Finding]:
    if not run or not is_alive(run["pid"]):
        yield Finding("odd", f"no `agentx up` runs on {home}", "Start it with `agentx up`.")
        return
    yield Finding("good", f"agentx up runs as {run['pid']} since {run['started']}")
    for name, child in run.get("children", {}).items():
        if not is_alive(child["pid"]) or started_ticks(child["pid"]) != child["ticks"]:
            told = f"{name} (pid {child['pid']}) has ended"
            yield Finding("bad", told, "`agentx up` starts it again; if not, read its lines.")


def _doors(server: Server) -> Iterator[Finding]:
    code, body = server.status_of("/ready")
    if not isinstance(body, dict) or "checks" not in body:
        raise Stranger(server.url, str(code))
    if code == 200:
        yield Finding("good", f"{server.url} is ready")
    else:
        for name, told in _failed(body):
            yield Finding("bad", f"{server.url} is not ready: {name}: {told}")
    server.get("/api/v1/me")
    yield Finding("good", "the API key works")
    yield from _nodes(server.rows("/api/v1/nodes"))
    yield from _model(server)
    for plugin in server.rows("/api/v1/plugins"):
        if plugin["state"] == "error":
            mend = f"See `agentx plugin logs {plugin['name']}`, then `agentx plugin start {plugin['name']}`."
            yield Finding("bad", f"plugin {plugin['name']}: {plugin['reason']}", mend)


def _failed(body: Any) -> list[tuple[str, str]]:
    checks = body.get("checks", body) if isinstance(body, dict) else {}
    failed = [(name, str(told)) for name, told in checks.items() if told not in (True, "ok")]
    return failed or [("ready", "it does not say why")]


def _nodes(nodes: list[dict[str, Any]]) -> Iterator[Finding]:
    active = [node for node in nodes if node["state"] == "active"]
    if not active:
        yield Finding(
            "bad",
            "no node is active: no plugin can run",
            "Read the lines of `node` in `agentx up`.",
        )
    for node in nodes:
        if node["state"] == "disconnected":
            yield Finding("odd", f"node {node['name']} was last heard of at {node['heartbeat']}")
    versions = {node["version"] for node in active if node["version"]} - {version("agentx")}
    for other in sorted(versions):
        yield Finding("odd", f"a node runs AgentX {other}", "Upgrade it to the same version.")


def _model(server: Server) -> Iterator[Finding]:
    """The default one. Asked by AgentX, for its key is AgentX's."""
    try:
        told = server.post("/api/v1/model/check")
    except Refused:  # this key may only look
        told = {**server.get("/api/v1/model"), "trouble": ""}
    if not told["base_url"]:
        mend = "Set AGENTX_MODEL_URL, AGENTX_MODEL_NAME and AGENTX_MODEL_KEY, or a model of each plugin's own."
        yield Finding("odd", "there is no default model", mend)
        return
    what = f"default model {told['name'] or '(no name)'} at {told['base_url']}"
    if told["trouble"]:
        mend = (
            "Mend AGENTX_MODEL_URL, AGENTX_MODEL_NAME and AGENTX_MODEL_KEY, and start AgentX again."
        )
        yield Finding("bad", f"the {what} {told['trouble']}", mend)
    elif told["is_demo"]:
        mend = "Its answers are made up: set AGENTX_MODEL_URL for a real one."
        yield Finding("good", f"the {what} answers", mend)
    else:
        yield Finding("good", f"the {what} answers")


def _ports(run: dict[str, Any]) -> Iterator[Finding]:
    """Nothing answers: can `agentx up` have its ports?"""
    for name, default in (("port", 8000), ("grpc_port", 50051)):
        port = int(run.get(name, default))
        with socket.socket() as probe:
            taken = probe.connect_ex(("127.0.0.1", port)) == 0
        if taken:
            option = "--" + name.replace("_", "-")
            yield Finding("bad", f"port {port} is taken", f"Stop who has it or choose {option}.")
