"""`agentx agent …`."""

import click

from agentx_site.cli import output
from agentx_site.cli.options import group, json_option
from agentx_site.cli.remotes import approve, register, reject, upstream
from agentx_site.cli.server import at
from agentx_site.cli.target import server

agent = group("agent", "Agents: who answers messages, and who may send them.")
for command in (register, upstream, approve, reject):
    agent.add_command(command)
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


@agent.command("retire")
@click.argument("ref", metavar="AGENT")
@json_option
@click.pass_context
def retire(context: click.Context, ref: str, json_wanted: bool) -> None:
    """Take an agent out of service. What it did stays on record."""
    server(context).delete(at("agents", ref))
    output.done({"name": ref}, f"{ref} is retired", json_wanted=json_wanted)


@agent.command("open")
@click.argument("ref", metavar="AGENT")
@json_option
@click.pass_context
def open_agent(context: click.Context, ref: str, json_wanted: bool) -> None:
    """Let anonymous callers use an agent."""
    told = server(context).post(at("agents", ref, "open"))
    output.done(
        told,
        f"{ref} is open: anybody who can reach AgentX may send it messages",
        json_wanted=json_wanted,
    )


@agent.command("close")
@click.argument("ref", metavar="AGENT")
@json_option
@click.pass_context
def close_agent(context: click.Context, ref: str, json_wanted: bool) -> None:
    """Ask callers of an agent for a credential again."""
    told = server(context).post(at("agents", ref, "close"))
    output.done(told, f"{ref} is closed to anonymous callers", json_wanted=json_wanted)
