"""`agentx push …`."""

from typing import Final
from uuid import UUID

import click

from agentx_site.cli import output
from agentx_site.cli.options import group, json_option
from agentx_site.cli.server import at
from agentx_site.cli.target import server

push = group("push", "Push notifications: what webhooks were told, and what they missed.")
STATES: Final = ("pending", "delivered", "dead")
COLUMNS = ("id", "state", "seq", "url", "attempts", "error", "updated", "task_id")


@push.command("list")
@click.option("--task", type=click.UUID)
@click.option("--state", type=click.Choice(STATES))
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@json_option
@click.pass_context
def list_deliveries(
    context: click.Context, task: UUID | None, state: str | None, limit: int, json_wanted: bool
) -> None:
    """Deliveries, last tried first. `dead` ones were given up."""
    rows = server(context).rows(
        "/api/v1/push/deliveries", limit, task=task and str(task), state=state
    )
    output.listing(
        rows, COLUMNS, json_wanted=json_wanted, empty="No webhook was told anything of the kind."
    )


@push.command("replay")
@click.argument("delivery", type=click.UUID, required=False)
@click.option("--task", type=click.UUID, help="Everything of this task that was given up.")
@json_option
@click.pass_context
def replay(
    context: click.Context, delivery: UUID | None, task: UUID | None, json_wanted: bool
) -> None:
    """Tell a webhook an event once more."""
    if (delivery is None) == (task is None):
        raise click.UsageError("Name a delivery, or a task with --task.")
    of = ("tasks", str(task)) if task else ("deliveries", str(delivery))
    answer = server(context).post(at("push", *of, "replay"))
    if json_wanted:
        output.as_json(answer)
    elif task:
        click.echo(f"tried once more: {answer['replayed']}")
    else:
        click.echo(f"{delivery} is tried once more")
