"""`agentx agent …`."""

import json
from typing import Any

import click

from agentx_site.cli import output
from agentx_site.cli.options import group, json_option
from agentx_site.cli.server import at
from agentx_site.cli.target import server

agent = group("agent", "Agents: who answers messages, and who may send them.")
COLUMNS = ("slug", "state", "source", "framework", "version", "is_open", "capabilities")


@agent.command("list")
@json_option
@click.pass_context
def list_agents(context: click.Context, json_wanted: bool) -> None:
    """Every agent that is not retired."""
    rows = server(context).rows("/api/v1/agents")
    empty = "No agents yet: start a plugin with `agentx plugin start NAME`."
    output.listing(rows, COLUMNS, json_wanted=json_wanted, empty=empty)


@agent.command("show")
@click.argument("ref", metavar="AGENT")
@json_option
@click.pass_context
def show(context: click.Context, ref: str, json_wanted: bool) -> None:
    """One agent, with its card."""
    found = server(context).get(at("agents", ref))
    if json_wanted:
        output.as_json(found)
        return
    card = found.pop("card") or {}
    skills = [skill["name"] for skill in card.get("skills", [])]
    output.facts([*((name.replace("_", " "), value) for name, value in found.items()),
                  ("skills", skills)])  # fmt: skip


@agent.command("register")
@click.argument("name")
@click.argument("endpoint")
@click.option("--capability", "capabilities", multiple=True, help="May be given several times.")
@click.option("--metadata", default="{}", help="A JSON object.")
@json_option
@click.pass_context
def register(
    context: click.Context,
    name: str,
    endpoint: str,
    capabilities: tuple[str, ...],
    metadata: str,
    json_wanted: bool,
) -> None:
    """Register an agent that lives elsewhere, by its URL."""
    body = {
        "name": name,
        "endpoint": endpoint,
        "capabilities": list(capabilities),
        "metadata": _object(metadata),
    }
    made = server(context).post("/api/v1/agents/register", body)
    if json_wanted:
        output.as_json(made)
    else:
        click.echo(f"{made['slug']} is registered at {made['url']}")


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise click.BadParameter("is no JSON object", param_hint="--metadata")
    return value


@agent.command("retire")
@click.argument("ref", metavar="AGENT")
@click.pass_context
def retire(context: click.Context, ref: str) -> None:
    """Take an agent out of service. What it did stays on record."""
    server(context).delete(at("agents", ref))
    click.echo(f"{ref} is retired")


@agent.command("open")
@click.argument("ref", metavar="AGENT")
@click.pass_context
def open_agent(context: click.Context, ref: str) -> None:
    """Let anonymous callers use an agent."""
    server(context).post(at("agents", ref, "open"))
    click.echo(f"{ref} is open: anybody who can reach AgentX may send it messages")


@agent.command("close")
@click.argument("ref", metavar="AGENT")
@click.pass_context
def close_agent(context: click.Context, ref: str) -> None:
    """Ask callers of an agent for a credential again."""
    server(context).post(at("agents", ref, "close"))
    click.echo(f"{ref} is closed to anonymous callers")
