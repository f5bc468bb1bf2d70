"""What commands have in common: `--url` and `--key` at every level, `--json` for programs."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from agentx_site.cli.target import target

Function = TypeVar("Function", bound=Callable[..., Any])


def _remember(context: click.Context, option: click.Parameter, value: str | None) -> None:
    if value:
        setattr(target(context), str(option.name), value)


class Connected(click.Command):
    """A command that takes `--url` and `--key`."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        connection: list[click.Parameter] = [
            click.Option(
                ["--url"], help="Where AgentX is.", expose_value=False, callback=_remember
            ),
            click.Option(["--key"], help="API key.", expose_value=False, callback=_remember),
        ]
        own = super().get_params(ctx)
        return [*own[:-1], *connection, *own[-1:]]


class Commands(Connected, click.Group):
    """A group whose commands all take `--url` and `--key`."""

    command_class = Connected


def group(name: str, help_text: str) -> Commands:
    return Commands(name, help=help_text)


def json_option(function: Function) -> Function:
    """`--json`, as the argument `json_wanted`."""
    wrap = click.option("--json", "json_wanted", is_flag=True, help="JSON, for programs.")
    return wrap(function)
