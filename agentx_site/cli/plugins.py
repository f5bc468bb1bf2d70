"""`agentx plugin …`."""

import json
import time
from collections.abc import Callable
from typing import Final

import click

from agentx_site.cli import output, waiting
from agentx_site.cli.options import Function, json_option
from agentx_site.cli.plugin_verbs import Verbs
from agentx_site.cli.preparing import PATIENCE_SECONDS, until_prepared
from agentx_site.cli.server import Json, Server, at
from agentx_site.cli.target import server

plugin = Verbs("plugin", help="Plugins: frameworks as supervised processes that host agents.")
COLUMNS = ("name", "version", "state", "desired", "replicas", "framework", "reason")
PROCESS_COLUMNS = ("ordinal", "state", "pid", "node", "memory", "cpu %", "restarts", "started")
FOLLOW_SECONDS: Final = 0.5


def patient(function: Function) -> Function:
    """`--no-wait`, and `--timeout` as `seconds`."""
    seconds = click.option(
        "--timeout",
        "seconds",
        type=click.FloatRange(0, min_open=True),
        default=60.0,
        show_default=True,
        help="Seconds to wait for it.",
    )
    return click.option("--no-wait", is_flag=True, help="Return at once.")(seconds(function))


@plugin.command("list")
@json_option
@click.pass_context
def list_plugins(context: click.Context, json_wanted: bool) -> None:
    """What is installed."""
    rows = server(context).rows("/api/v1/plugins")
    empty = "No plugins: install one with `agentx plugin install FOLDER`."
    output.listing(rows, COLUMNS, json_wanted=json_wanted, empty=empty)


@plugin.command("show")
@click.argument("name")
@json_option
@click.pass_context
def show(context: click.Context, name: str, json_wanted: bool) -> None:
    """One plugin with its processes and agents."""
    found = server(context).get(at("plugins", name))
    if json_wanted:
        output.as_json(found)
        return
    agents = [_agent(agent) for agent in found["agents"]]
    isolated = ("isolation", _isolation(found["processes"]))
    output.facts([*((column, found[column]) for column in COLUMNS), ("agents", agents), isolated])
    click.echo()
    rows = [
        (p["ordinal"], p["state"], p["pid"], p["node"], output.megabytes(p["rss_bytes"]),
         p["cpu_percent"], p["restarts"], p["started"])
        for p in found["processes"]
    ]  # fmt: skip
    output.table(PROCESS_COLUMNS, rows, f"No process: start it with `agentx plugin start {name}`.")


def _agent(agent: Json) -> str:
    why = f": {output.harmless(agent['reason'])}" if agent["reason"] else ""
    return f"{agent['slug']} ({agent['state']}{why})"


def _isolation(processes: list[Json]) -> str:
    """One line: the walls in force, the network, and what could not be had."""
    told = next((p["isolation"] for p in processes if p.get("isolation")), None)
    if not told:
        return "-"
    missing = [each["name"] for each in told["measures"] if each["missing"] and not each["how"]]
    force = sum(bool(each["how"]) for each in told["measures"])
    hosts = f" ({', '.join(told['hosts'])})" if told["hosts"] else ""
    line = f"{told['trust']}: {force} measures in force, network {told['network']}{hosts}"
    return f"{line}; not available on this machine: {', '.join(missing)}" if missing else line


@plugin.command("uninstall")
@click.argument("name")
@json_option
@click.pass_context
def uninstall(context: click.Context, name: str, json_wanted: bool) -> None:
    """Stop and uninstall a plugin. Its agents are retired."""
    server(context).delete(at("plugins", name))
    output.done({"name": name}, f"{name} is uninstalled", json_wanted=json_wanted)


def prepare(connection: Server, name: str, *, quiet: bool) -> None:
    """Show how its environment is made, where its start waits for that."""
    found = connection.get(at("plugins", name))
    if found["state"] != "running":
        until_prepared(connection, found, PATIENCE_SECONDS, quiet=quiet)


def _tell_of_failed(told: Json) -> None:
    """It runs, and some of its agents may not."""
    for agent in told["agents"]:
        if agent["state"] == "error":
            click.echo(f"warning: the agent {_agent(agent)}", err=True)


def _wish(verb: str, wanted: str, reached: Callable[[Json], bool], help_text: str) -> click.Command:
    """A command that says what is wanted and waits for it."""

    @plugin.command(verb, help=help_text)
    @click.argument("name")
    @patient
    @json_option
    @click.pass_context
    def wish(
        context: click.Context, name: str, seconds: float, no_wait: bool, json_wanted: bool
    ) -> None:
        connection = server(context)
        seen = waiting.newest_event(connection, name)
        told = connection.post(at("plugins", name, verb))
        if no_wait:
            output.done(told, f"{name} will be {wanted}", json_wanted=json_wanted)
            return
        if wanted == "running":
            prepare(connection, name, quiet=json_wanted)
        told = waiting.until(connection, name, reached, seconds, wanted, seen)
        _tell_of_failed(told)
        state = "paused" if told["state"] == "paused" else wanted
        output.done(told, f"{name} is {state}", json_wanted=json_wanted)

    return wish


_wish("start", "running", waiting.is_running, "Start a plugin and wait until it runs.")
_wish("stop", "stopped", waiting.is_stopped, "Drain and end a plugin's processes.")
_wish("restart", "running", waiting.is_running, "Replace a plugin's processes one by one.")
_wish("reload", "running", waiting.is_running, "Take over now what the reload strategy holds back.")
_wish("pause", "paused", waiting.is_paused, "Keep the processes, take no messages.")
_wish("resume", "running", waiting.is_running, "Take messages again.")


# A negative number is a wrong number, no option.
@plugin.command("scale", context_settings={"ignore_unknown_options": True})
@click.argument("name")
@click.argument("replicas", type=click.IntRange(1, 32))
@patient
@json_option
@click.pass_context
def scale(
    context: click.Context,
    name: str,
    replicas: int,
    seconds: float,
    no_wait: bool,
    json_wanted: bool,
) -> None:
    """Run a plugin in this many processes."""
    connection = server(context)
    seen = waiting.newest_event(connection, name)
    told = connection.post(at("plugins", name, "scale"), {"replicas": replicas})
    count = "1 process" if replicas == 1 else f"{replicas} processes"
    if no_wait or told["desired"] != "running":
        output.done(told, f"{name} will run in {count}", json_wanted=json_wanted)
        return
    told = waiting.until(connection, name, waiting.is_running, seconds, "running", seen)
    output.done(told, f"{name} runs in {count}", json_wanted=json_wanted)


@plugin.command("standby", context_settings={"ignore_unknown_options": True})
@click.argument("name")
@click.argument("count", type=click.IntRange(0, 4))
@json_option
@click.pass_context
def standby(context: click.Context, name: str, count: int, json_wanted: bool) -> None:
    """Keep this many warm processes: each takes the place of one that ends at once."""
    told = server(context).post(at("plugins", name, "standby"), {"standby": count})
    output.done(told, f"{name} keeps {count} warm", json_wanted=json_wanted)


@plugin.command("logs")
@click.argument("name")
@click.option("--limit", type=click.IntRange(1, 2000), default=200, show_default=True)
@click.option("--follow", "-f", is_flag=True, help="Go on with what comes, until Ctrl-C.")
@json_option
@click.pass_context
def logs(context: click.Context, name: str, limit: int, follow: bool, json_wanted: bool) -> None:
    """What a plugin's processes wrote."""
    connection = server(context)
    after = ""
    while True:
        lines = connection.get(at("plugins", name, "logs"), limit=limit, after=after)
        if not (lines or after or follow or json_wanted):
            click.echo(f"{name} has written nothing yet.", err=True)
        for line in lines:
            click.echo(json.dumps(line) if json_wanted else _log_line(line))
        if not follow:
            return
        after = lines[-1]["id"] if lines else after
        time.sleep(FOLLOW_SECONDS)


def _log_line(line: Json) -> str:
    return output.harmless(
        f"{line['time']} #{line['ordinal']} {line['level']:<7} {line['text']}".rstrip()
    )


@plugin.command("events")
@click.argument("name")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@json_option
@click.pass_context
def events(context: click.Context, name: str, limit: int, json_wanted: bool) -> None:
    """What happened to a plugin, newest first."""
    rows = server(context).rows(at("plugins", name, "events"), limit)
    if json_wanted:
        output.as_json(rows)
        return
    told = [(row["time"], row["type"], row["message"] or _change(row["data"])) for row in rows]
    output.table(("time", "type", "message"), told, "Nothing happened yet.")


def _change(data: Json) -> str:
    return f"{data['from']} → {data['to']}" if "from" in data and "to" in data else ""
