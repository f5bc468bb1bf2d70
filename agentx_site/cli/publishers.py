"""`agentx plugin review | key`: how far packages and those who publish them may be trusted."""

from typing import Final
from uuid import UUID

import click

from agentx_site.cli import output
from agentx_site.cli.errors import Failed
from agentx_site.cli.options import group, json_option
from agentx_site.cli.plugins import plugin
from agentx_site.cli.server import Json, Server, at
from agentx_site.cli.target import server

LEVELS: Final = click.Choice(("public", "verified", "trusted", "internal"))
WAITING: Final = ("name", "version", "trust", "wanted_trust", "published_by", "published", "id")
KEYS: Final = ("name", "trust", "signed", "created", "revoked", "public_key")
key = group("key", "Publishers' keys: whose signature lends a package trust.")
plugin.add_command(key)


@plugin.command("review")
@click.argument("package", metavar="[NAME@VERSION | ID]", default="")
@click.option("--approve/--reject", "approved", default=None)
@click.option("--trust", type=LEVELS, help="How far; left out: as it asks.")
@click.option("--note", default="")
@json_option
@click.pass_context
def review(
    context: click.Context,
    package: str,
    approved: bool | None,
    trust: str | None,
    note: str,
    json_wanted: bool,
) -> None:
    """Which packages wait for a review; or approve or reject one."""
    connection = server(context)
    if not package:
        rows = connection.rows("/api/v1/packages/reviews")
        output.listing(rows, WAITING, json_wanted=json_wanted, empty="Nothing waits for a review.")
        return
    if approved is None:
        raise click.UsageError("Say --approve or --reject.")
    body = {"approved": approved, "note": note, **({"trust": trust} if trust else {})}
    told = connection.post(at("packages", _id_of(connection, package), "review"), body)
    if json_wanted:
        output.as_json(told)
    else:
        word = "approved" if approved else "rejected"
        click.echo(f"{told['name']} {told['version']} is {word}: its trust is {told['trust']}")


@key.command("list")
@json_option
@click.pass_context
def list_keys(context: click.Context, json_wanted: bool) -> None:
    """Whose signatures count here."""
    rows = server(context).rows("/api/v1/publisher-keys")
    output.listing(rows, KEYS, json_wanted=json_wanted, empty="No publisher's key is known here.")


@key.command("add")
@click.argument("name")
@click.argument("public_key")
@click.option(
    "--trust", type=LEVELS, default="verified", show_default=True, help="The most it lends."
)
@json_option
@click.pass_context
def add(context: click.Context, name: str, public_key: str, trust: str, json_wanted: bool) -> None:
    """Let a publisher's signature lend trust from now on."""
    body = {"name": name, "public_key": public_key, "trust": trust}
    told = server(context).post("/api/v1/publisher-keys", body)
    sentence = f"packages that {name} signs have the trust {trust}, unless they claim less"
    output.done(told, sentence, json_wanted=json_wanted)


@key.command("revoke")
@click.argument("name")
@json_option
@click.pass_context
def revoke(context: click.Context, name: str, json_wanted: bool) -> None:
    """End a publisher's key: what it signed loses its trust and is not installed any more."""
    connection = server(context)
    rows = connection.rows("/api/v1/publisher-keys")
    found = next((row for row in rows if name in (row["name"], row["id"])), None)
    if found is None:
        raise Failed(f"no publisher's key is called {name!r}.")
    told = connection.post(at("publisher-keys", found["id"], "revoke"))
    output.done(told, f"the key {found['name']} is revoked", json_wanted=json_wanted)


def _id_of(connection: Server, package: str) -> str:
    """Of what waits, or of a listed version."""
    try:
        return str(UUID(package))
    except ValueError:
        name, _at, version = package.partition("@")
    rows: list[Json] = connection.rows("/api/v1/packages/reviews")
    waiting = [row for row in rows if row["name"] == name and version in ("", row["version"])]
    if len(waiting) == 1:
        return str(waiting[0]["id"])
    listed = connection.get(at("market", name))["versions"]
    found = next((row for row in listed if row["version"] == version), None)
    if found is None:
        raise Failed(f"say which version of {name}: NAME@VERSION.")
    return str(found["id"])
