"""The root command. Subcommands are loaded when they are asked for, so that each starts fast."""

import importlib
from typing import Any, Final

import click

from agentx_site.cli.errors import Failed
from agentx_site.cli.options import Connected

COMMANDS: Final = {
    "up": ("agentx_site.cli.up", "Start AgentX on this machine and keep it running."),
    "status": ("agentx_site.cli.status", "What runs."),
    "doctor": ("agentx_site.cli.doctor", "What is wrong and how to mend it."),
    "send": ("agentx_site.cli.send", "Send an agent a message."),
    "agent": ("agentx_site.cli.agents", "Agents: list, show, register, upstream, approve, …"),
    "card": ("agentx_site.cli.cards", "Agent cards: versions, diff, verify; keys, rotate."),
    "plugin": ("agentx_site.cli.plugins", "Plugins: install, start, stop, scale, logs, …"),
    "task": ("agentx_site.cli.tasks", "Tasks: list, show, cancel, events."),
    "push": ("agentx_site.cli.pushes", "Push notifications: list, replay."),
    "token": ("agentx_site.cli.joining", "Join tokens: create, list, revoke; joined, dismiss."),
    "key": ("agentx_site.cli.keys", "API keys: create, list, revoke."),
    "user": ("agentx_site.cli.users", "Users: create, list, disable, enable."),
    "role": ("agentx_site.cli.users", "Roles: list."),
    "audit": ("agentx_site.cli.audit", "What was done: list."),
    "model-stub": ("agentx_site.cli.model_stub", "Serve a made-up model, for demos and tests."),
}


class Root(Connected, click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(COMMANDS[cmd_name][0])
        command = getattr(module, cmd_name.replace("-", "_"))
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """From the table: help loads no command."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, told) for name, (_, told) in COMMANDS.items()])

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        try:
            return super().resolve_command(ctx, args)
        except click.exceptions.NoSuchCommand:
            raise click.exceptions.NoSuchCommand(args[0], possibilities=COMMANDS, ctx=ctx) from None
        except ModuleNotFoundError as error:
            raise Failed(f"this installation lacks {error.name}: run `make run` again.") from None


@click.command(cls=Root, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="agentx", prog_name="agentx")
def agentx() -> None:
    """The control plane for AI agents, from the command line.

    Speaks to the AgentX whose address and key `agentx up` left in AGENTX_HOME, unless --url and --key (or AGENTX_URL
    and AGENTX_API_KEY) say otherwise. Exit status: 0 done, 1 failed, 2 wrong usage.
    A narrow terminal shows a table's first columns; a pipe and --json get everything.
    """


def main() -> None:
    """The console script."""
    agentx(prog_name="agentx")
