"""`agentx audit …`."""

import click

from agentx_site.cli import output
from agentx_site.cli.options import group, json_option
from agentx_site.cli.target import server

audit = group("audit", "What was done: by whom, on what, from where.")
COLUMNS = ("time", "actor_label", "action", "target", "outcome", "target_type", "source_ip")


@audit.command("list")
@click.option("--actor", help="Id or name of who did it.")
@click.option("--action", help="Such as key.created, or `key.` for all that begin so.")
@click.option("--target", "on", help="What it was done on.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@json_option
@click.pass_context
def list_events(
    context: click.Context,
    actor: str | None,
    action: str | None,
    on: str | None,
    limit: int,
    json_wanted: bool,
) -> None:
    """What was done, newest first."""
    rows = server(context).rows("/api/v1/audit", limit, actor=actor, action=action, target=on)
    output.listing(rows, COLUMNS, json_wanted=json_wanted, empty="Nothing was done.")
