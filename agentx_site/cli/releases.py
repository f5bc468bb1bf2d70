"""`agentx plugin releases | upgrade | rollback`."""

from typing import Final

import click

from agentx_site.cli import output
from agentx_site.cli.options import json_option
from agentx_site.cli.plugins import plugin
from agentx_site.cli.preparing import following, until_prepared
from agentx_site.cli.server import Json, at
from agentx_site.cli.target import server

COLUMNS: Final = (
    *("version", "role", "state", "source", "trust", "signer", "installed", "installed_by"),
    *("digest", "id", "reason"),
)
ROLES = (("is_current", "current"), ("is_next", "next"), ("is_good", "last good"))


@plugin.command("releases")
@click.argument("name")
@click.option("--remove", metavar="VERSION", help="Forget this one, by its version or id.")
@json_option
@click.pass_context
def releases(context: click.Context, name: str, remove: str | None, json_wanted: bool) -> None:
    """What is installed of a plugin, newest first."""
    connection = server(context)
    if remove:
        connection.delete(at("plugins", name, "releases", remove))
    rows = connection.get(at("plugins", name, "releases"))
    if json_wanted:
        output.as_json(rows)
        return
    told = [{**row, "role": _role(row), "digest": row["digest"][:12]} for row in rows]
    output.listing(told, COLUMNS, json_wanted=False, empty="No release.")


def _role(row: Json) -> str:
    return ", ".join(word for field, word in ROLES if row[field])


@plugin.command("upgrade")
@click.argument("name")
@click.argument("version", default="")
@following
@json_option
@click.pass_context
def upgrade(
    context: click.Context,
    name: str,
    version: str,
    seconds: float,
    no_wait: bool,
    json_wanted: bool,
) -> None:
    """Change to a newer release, installed or in the registry; what runs goes on until it is prepared."""
    _change(context, "upgrade", name, version, seconds, no_wait, json_wanted)


@plugin.command("rollback")
@click.argument("name")
@click.argument("version", default="")
@following
@json_option
@click.pass_context
def rollback(
    context: click.Context,
    name: str,
    version: str,
    seconds: float,
    no_wait: bool,
    json_wanted: bool,
) -> None:
    """Go back to an earlier release: VERSION, else the last good one, else the one before."""
    _change(context, "rollback", name, version, seconds, no_wait, json_wanted)


def _change(
    context: click.Context,
    verb: str,
    name: str,
    version: str,
    seconds: float,
    no_wait: bool,
    json_wanted: bool,
) -> None:
    connection = server(context)
    made = connection.post(at("plugins", name, verb), {"version": version})
    if not no_wait:
        made = until_prepared(connection, made, seconds, quiet=json_wanted)
    if json_wanted:
        output.as_json(made)
        return
    wanted = (made["installation"] or {}).get("version", made["version"])
    done = wanted == made["version"]
    click.echo(f"{name} has {wanted}" if done else f"{name} will have {wanted} once it is prepared")
