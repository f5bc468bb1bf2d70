"""`agentx token …`: what lets plugin processes on other machines in."""

import click

from agentx_site.cli import output
from agentx_site.cli.errors import Failed
from agentx_site.cli.options import group, json_option
from agentx_site.cli.server import at
from agentx_site.cli.target import server

token = group("token", "Join tokens: let plugin processes on other machines call home.")
COLUMNS = ("name", "plugin", "is_usable", "uses_left", "expires", "used", "revoked", "id")
JOINED = ("node", "plugin", "version", "state", "pid", "address", "certificate_expires", "id")
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


class Span(click.ParamType[int]):
    """A length of time as people write it: 30m, 12h, 7d."""

    name = "time"

    def convert(
        self, value: str | int, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        if isinstance(value, int):
            return value
        if value[-1:] not in UNITS or not value[:-1].isdigit():
            self.fail(f"{value!r} is no length of time: give 30m, 12h or 7d.", param, ctx)
        return int(value[:-1]) * UNITS[value[-1]]


@token.command("create")
@click.argument("plugin")
@click.option("--name", required=True, help="What it is for.")
@click.option("--expires", type=Span(), default="1h", show_default=True, help="30m, 12h, 7d.")
@click.option("--uses", type=int, default=1, show_default=True, help="0: any number.")
@json_option
@click.pass_context
def create(
    context: click.Context, plugin: str, name: str, expires: int, uses: int, json_wanted: bool
) -> None:
    """Make a token for a plugin and print, this once, the command that joins with it."""
    asked = {"plugin": plugin, "name": name, "seconds": expires, "uses": uses or None}
    made = server(context).post("/api/v1/join-tokens", asked)
    if json_wanted:
        output.as_json(made)
        return
    click.echo(made["command"])
    if not made["is_open"]:
        click.echo("Nobody can join yet: set AGENTX_JOIN_PORT and start AgentX again.", err=True)


@token.command("list")
@json_option
@click.pass_context
def list_tokens(context: click.Context, json_wanted: bool) -> None:
    """Tokens; never their text."""
    rows = server(context).rows("/api/v1/join-tokens")
    empty = "No join tokens: make one with `agentx token create PLUGIN --name laptop`."
    output.listing(rows, COLUMNS, json_wanted=json_wanted, empty=empty)


@token.command("revoke")
@click.argument("ref", metavar="TOKEN")
@json_option
@click.pass_context
def revoke(context: click.Context, ref: str, json_wanted: bool) -> None:
    """End a token, by its id or name, at once and for good. Who joined with it stays."""
    connection = server(context)
    rows = [
        row for row in connection.rows("/api/v1/join-tokens") if ref in (row["id"], row["name"])
    ]
    if not rows:
        raise Failed(f"There is no join token {ref!r}.")
    if len(rows) > 1:
        raise Failed(f"There are {len(rows)} join tokens {ref!r}: name one by its id.")
    connection.delete(at("join-tokens", rows[0]["id"]))
    told = {"id": rows[0]["id"], "name": rows[0]["name"]}
    output.done(told, f"{ref} is revoked", json_wanted=json_wanted)


@token.command("joined")
@json_option
@click.pass_context
def joined(context: click.Context, json_wanted: bool) -> None:
    """The processes that called home and are there."""
    rows = server(context).rows("/api/v1/joined")
    output.listing(rows, JOINED, json_wanted=json_wanted, empty="No process elsewhere.")


@token.command("dismiss")
@click.argument("ref", metavar="PROCESS")
@json_option
@click.pass_context
def dismiss(context: click.Context, ref: str, json_wanted: bool) -> None:
    """Ask one joined process, by its id, to finish its messages and leave."""
    connection = server(context)
    if ref not in [row["id"] for row in connection.rows("/api/v1/joined")]:
        raise Failed(f"There is no joined process {ref!r}: `agentx token joined` lists them.")
    row = connection.post(at("joined", ref, "dismiss"))
    sentence = f"{row['plugin']} on {row['node']} was asked to leave"
    output.done(row, sentence, json_wanted=json_wanted)
