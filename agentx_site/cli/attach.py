"""`agentx plugin run`, `attach` and `detach`: a process that its author started, in the place of AgentX's own."""

import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import click

from agentx_site.cli import by_hand, output, waiting
from agentx_site.cli.by_hand import ByHand
from agentx_site.cli.errors import Failed
from agentx_site.cli.options import json_option
from agentx_site.cli.plugins import plugin
from agentx_site.cli.server import Json, Server, at
from agentx_site.cli.target import server

ATTACH_SECONDS = 15.0


@plugin.command("run")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=".")
@click.option("--debugger", is_flag=True, help="Under pdb, or under Node's inspector.")
@click.option("--attach", is_flag=True, help="Have AgentX use it until it ends.")
@click.pass_context
def run(context: click.Context, folder: Path, debugger: bool, attach: bool) -> None:
    """Run a plugin by hand, in this terminal, and print the line by which AgentX attaches it. Ctrl-C ends it."""
    program = by_hand.prepared(folder.resolve(), debugger=debugger)
    connection = server(context) if attach else None
    with _running(program, folder) as process:
        assert process.stderr is not None
        attached = _follow(process.stderr, program, connection)
        status = process.wait()
    if attached and connection is not None:
        _let_go(connection, program.name)
    context.exit(1 if status else 0)


@contextlib.contextmanager
def _running(program: ByHand, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Ctrl-C goes to all of the terminal's group: the plugin drains, and we see its end."""
    process = subprocess.Popen(  # noqa: S603 - the author's own program
        program.argv, cwd=folder, env=program.environment, stderr=subprocess.PIPE, text=True
    )
    before = signal.signal(signal.SIGINT, lambda *_: None)
    ending = signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    try:
        yield process
    finally:
        signal.signal(signal.SIGINT, before)
        signal.signal(signal.SIGTERM, ending)
        if process.poll() is None:
            process.kill()
            process.wait()


def _follow(lines: IO[str], program: ByHand, connection: Server | None) -> bool:
    """Pass on what it writes, and attach it or tell how. Whether it was attached."""
    attached = False
    for line in lines:
        told = by_hand.reattach(line)
        if told is None or connection is None:
            sys.stderr.write(line)
        if told is None:
            continue
        if connection is None:
            click.echo(f"attach it: agentx plugin attach {program.name} '<the line above>'")
            continue
        attached = _try_to_attach(connection, program.name, told)
    return attached


def _try_to_attach(connection: Server, name: str, told: Json) -> bool:
    try:
        connection.post(at("plugins", name, "attachment"), told)
    except Failed as refused:
        refused.show()
        return False
    click.echo(f"{name}: AgentX uses process {told['pid']} until it ends")
    return True


def _let_go(connection: Server, name: str) -> None:
    """The supervisor sees the end of an attached process too, and may have been first."""
    with contextlib.suppress(Failed):
        connection.delete(at("plugins", name, "attachment"))
    click.echo(f"{name}: AgentX's own process takes its place again")


@plugin.command("attach")
@click.argument("name")
@click.argument("line", default="-")
@json_option
@click.pass_context
def attach(context: click.Context, name: str, line: str, json_wanted: bool) -> None:
    """Have AgentX use a process that was started by hand: LINE is what it printed, `-` reads it from stdin."""
    text = sys.stdin.read() if line == "-" else line
    found = [told for told in map(by_hand.reattach, text.splitlines()) if told]
    if not found:
        raise Failed("that is no reattach line: `agentx plugin run` prints one.")
    connection = server(context)
    told = connection.post(at("plugins", name, "attachment"), found[-1])
    _wait_for(connection, name, found[-1])
    sentence = f"{name}: AgentX uses process {found[-1]['pid']}, until it ends or is detached"
    output.done(told, sentence, json_wanted=json_wanted)


def _wait_for(connection: Server, name: str, told: Json) -> None:
    """Raises `Failed` when the supervisor will not have it."""

    def is_used(plugin: dict[str, Any]) -> bool:
        return any(
            process["pid"] == told["pid"] and process["state"] in waiting.SERVING
            for process in plugin["processes"]
        )

    seen = waiting.newest_event(connection, name)
    waiting.until(connection, name, is_used, ATTACH_SECONDS, "running", seen)


@plugin.command("detach")
@click.argument("name")
@json_option
@click.pass_context
def detach(context: click.Context, name: str, json_wanted: bool) -> None:
    """Let go of a process that was attached: one of AgentX's own takes its place."""
    server(context).delete(at("plugins", name, "attachment"))
    sentence = f"{name}: AgentX's own process takes its place again"
    output.done({"name": name}, sentence, json_wanted=json_wanted)
