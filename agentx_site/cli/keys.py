"""`agentx key …`."""

import re
from datetime import UTC, datetime, timedelta

import click

from agentx_site.cli import output
from agentx_site.cli.errors import Failed
from agentx_site.cli.options import group, json_option
from agentx_site.cli.server import at
from agentx_site.cli.target import server

key = group("key", "API keys: the credentials of programs.")
COLUMNS = ("prefix", "name", "owner", "role", "last_used", "expires", "revoked", "created", "id")
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class Moment(click.ParamType[str]):
    """A moment to come: `12h`, `30d`, `2027-01-31` or with a time; UTC unless it says otherwise."""

    name = "when"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if span := re.fullmatch(r"(\d{1,6})([smhdw])", value):
            length = timedelta(**{UNITS[span[2]]: int(span[1])})
            return (datetime.now(UTC) + length).isoformat(timespec="seconds")
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no time: give 12h, 30d, or 2027-01-31.", param, ctx)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat()


@key.command("create")
@click.option("--name", required=True, help="What it is for.")
@click.option("--role", default="developer", show_default=True)
@click.option("--expires", type=Moment(), help="12h, 30d, or a date; never, when not given.")
@json_option
@click.pass_context
def create(
    context: click.Context, name: str, role: str, expires: str | None, json_wanted: bool
) -> None:
    """Make a key and print it, this once."""
    made = server(context).post("/api/v1/keys", {"name": name, "role": role, "expires": expires})
    if json_wanted:
        output.as_json(made)
    else:
        click.echo(made["key"])


@key.command("list")
@json_option
@click.pass_context
def list_keys(context: click.Context, json_wanted: bool) -> None:
    """Keys; never their text."""
    rows = server(context).rows("/api/v1/keys")
    empty = "No keys: make one with `agentx key create --name ci`."
    output.listing(rows, COLUMNS, json_wanted=json_wanted, empty=empty)


@key.command("revoke")
@click.argument("ref", metavar="KEY")
@json_option
@click.pass_context
def revoke(context: click.Context, ref: str, json_wanted: bool) -> None:
    """End a key, by its id or prefix, at once and for good."""
    connection = server(context)
    rows = connection.rows("/api/v1/keys")
    found = next((row["id"] for row in rows if ref in (row["id"], row["prefix"])), None)
    if found is None:
        raise Failed(f"There is no key {ref!r}.")
    connection.delete(at("keys", found))
    output.done({"id": found}, f"{ref} is revoked", json_wanted=json_wanted)
