"""`agentx status`."""

import json
from typing import Any

import click

from agentx_site.cli import output
from agentx_site.cli.options import Connected, json_option
from agentx_site.cli.server import Json
from agentx_site.cli.target import Target, server, target


@click.command(cls=Connected)
@json_option
@click.pass_context
def status(context: click.Context, json_wanted: bool) -> None:
    """What runs. Exit status 1 when AgentX is away or not ready."""
    connection = server(context)
    code, checks = connection.status_of("/ready")
    told: Json = {
        "url": connection.url,
        "model": _model(target(context)),
        "ready": code == 200,
        "checks": checks,
        "nodes": connection.rows("/api/v1/nodes"),
        "plugins": connection.rows("/api/v1/plugins"),
        "agents": connection.rows("/api/v1/agents"),
    }
    if json_wanted:
        output.as_json(told)
    else:
        _show(told)
    if code != 200:
        context.exit(1)


def _show(told: Json) -> None:
    output.facts(
        [
            ("AgentX", told["url"]),
            ("ready", told["ready"]),
            ("model", told["model"]),
            ("agents", _count(told["agents"])),
        ]
    )
    click.echo()
    nodes = [
        (n["name"], n["state"], n["cpus"], n["cpu_percent"],
         output.megabytes(n["memory_used_bytes"]), n["heartbeat"])
        for n in told["nodes"]
    ]  # fmt: skip
    heads = ("node", "state", "processors", "load %", "memory", "last heard of")
    output.table(heads, nodes, "No node: nothing can run plugins.")
    click.echo()
    plugins = [(p["name"], p["state"], p["replicas"], p["reason"]) for p in told["plugins"]]
    columns = ("plugin", "state", "processes", "reason")
    output.table(columns, plugins, "No plugins: install one with `agentx plugin install FOLDER`.")


def _model(asked: Target) -> str | None:
    """What plugins use that name no model; only `agentx up` on this machine's AGENTX_HOME tells."""
    try:
        run = json.loads((asked.home / "run.json").read_text())
    except (OSError, ValueError):
        return None
    told = run.get("model") if run.get("url") == asked.chosen_url.rstrip("/") else None
    return str(told) if told else None


def _count(agents: list[dict[str, Any]]) -> str:
    states = [agent["state"] for agent in agents]
    counts = (f"{states.count(state)} {state}" for state in sorted(set(states)))
    return ", ".join(counts) or "none"
