"""`agentx up` hands its arguments to the process runner as they are."""

import sys

import click

from agentx_site.up.main import main


@click.command(
    add_help_option=False,
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def up(arguments: tuple[str, ...]) -> None:
    """Start AgentX on this machine and keep it running."""
    sys.exit(main(arguments))
