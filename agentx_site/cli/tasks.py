"""`agentx task …`."""

import json
from typing import Final
from uuid import UUID

import click

from agentx_site.cli import output
from agentx_site.cli.options import group, json_option
from agentx_site.cli.server import at
from agentx_site.cli.target import server

task = group("task", "Tasks: what was asked of agents, and what became of it.")
STATES: Final = (
    "submitted",
    "working",
    "completed",
    "failed",
    "canceled",
    "rejected",
    "input-required",
    "auth-required",
)
COLUMNS = ("id", "agent", "state", "updated", "caller_label", "door", "events_total")


@task.command("list")
@click.option("--state", type=click.Choice(STATES, case_sensitive=False))
@click.option("--agent")
@click.option("--context", "context_id", help="Context id.")
@click.option("--caller", help="Who asked.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@json_option
@click.pass_context
def list_tasks(
    context: click.Context,
    state: str | None,
    agent: str | None,
    context_id: str | None,
    caller: str | None,
    limit: int,
    json_wanted: bool,
) -> None:
    """Tasks, last changed first."""
    wanted = {"state": state and state.upper().replace("-", "_"), "agent": agent}
    rows = server(context).rows(
        "/api/v1/tasks", limit, **wanted, context_id=context_id, caller=caller
    )
    empty = 'No tasks yet: send a message with `agentx send echo "hello"`.'
    output.listing(rows, COLUMNS, json_wanted=json_wanted, empty=empty)


@task.command("show")
@click.argument("task_id", metavar="TASK", type=click.UUID)
@json_option
@click.pass_context
def show(context: click.Context, task_id: UUID, json_wanted: bool) -> None:
    """One task with its artifacts and events."""
    found = server(context).get(at("tasks", str(task_id)))
    if json_wanted:
        output.as_json(found)
        return
    long = ("events", "artifacts", "status", "metadata")
    pairs = [(name.replace("_", " "), value) for name, value in found.items() if name not in long]
    answer = " ".join(
        part["text"]
        for artifact in found["artifacts"]
        for part in artifact.get("parts", [])
        if "text" in part
    )
    output.facts([*pairs, ("answer", answer)])


@task.command("events")
@click.argument("task_id", metavar="TASK", type=click.UUID)
@json_option
@click.pass_context
def events(context: click.Context, task_id: UUID, json_wanted: bool) -> None:
    """Every change a task went through."""
    found = server(context).get(at("tasks", str(task_id)))["events"]
    if json_wanted:
        output.as_json(found)
        return
    rows = [(e["seq"], e["time"], e["kind"], json.dumps(e["payload"])[:200]) for e in found]
    output.table(("seq", "time", "kind", "payload"), rows, "No events.")


@task.command("cancel")
@click.argument("task_id", metavar="TASK", type=click.UUID)
@json_option
@click.pass_context
def cancel(context: click.Context, task_id: UUID, json_wanted: bool) -> None:
    """Ask for a task to be canceled, wherever it runs."""
    told = server(context).post(at("tasks", str(task_id), "cancel"))
    output.done(told, f"{task_id} is being canceled", json_wanted=json_wanted)
