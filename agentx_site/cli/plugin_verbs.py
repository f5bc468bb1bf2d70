"""Which file each verb of `agentx plugin` lives in, besides those of plugins.py: loaded when it is asked for.

Some need more than HTTP, and `agentx plugin list` is not to wait for what they import.
"""

import importlib
from typing import Final

import click

from agentx_site.cli.options import Commands

# Its module adds the verb to the group: `@plugin.command("new")`.
ELSEWHERE: Final = {
    "agent": "agentx_site.cli.plugin_agents",
    "attach": "agentx_site.cli.attach",
    "build": "agentx_site.cli.packages",
    "config": "agentx_site.cli.config",
    "detach": "agentx_site.cli.attach",
    "dev": "agentx_site.cli.dev",
    "folders": "agentx_site.cli.plugin_agents",
    "new": "agentx_site.cli.author",
    "releases": "agentx_site.cli.releases",
    "rollback": "agentx_site.cli.releases",
    "run": "agentx_site.cli.attach",
    "install": "agentx_site.cli.packages",
    "key": "agentx_site.cli.publishers",
    "keygen": "agentx_site.cli.packages",
    "market": "agentx_site.cli.market",
    "publish": "agentx_site.cli.market",
    "rate": "agentx_site.cli.market",
    "review": "agentx_site.cli.publishers",
    "search": "agentx_site.cli.market",
    "secret": "agentx_site.cli.config",
    "sign": "agentx_site.cli.packages",
    "unyank": "agentx_site.cli.market",
    "yank": "agentx_site.cli.market",
    "test": "agentx_site.cli.testing",
    "upgrade": "agentx_site.cli.releases",
}


class Verbs(Commands):
    """A group with commands in other modules."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *ELSEWHERE})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in ELSEWHERE:
            importlib.import_module(ELSEWHERE[cmd_name])
        return super().get_command(ctx, cmd_name)
