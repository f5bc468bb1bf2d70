"""`agentx card …`."""

import click

from agentx_site.cli import output
from agentx_site.cli.errors import Failed
from agentx_site.cli.options import group, json_option
from agentx_site.cli.server import at
from agentx_site.cli.target import server

card = group("card", "Agent cards: what agents say of themselves, and the keys that sign it.")
VERSIONS = ("version", "is_current", "created", "digest")
CHANGES = ("path", "kind", "before", "after")
KEYS = ("kid", "algorithm", "is_current", "created", "retired")


@card.command("versions")
@click.argument("ref", metavar="AGENT")
@json_option
@click.pass_context
def versions(context: click.Context, ref: str, json_wanted: bool) -> None:
    """Every version of an agent's card, newest first."""
    rows = server(context).rows(at("agents", ref, "cards"))
    output.listing(rows, VERSIONS, json_wanted=json_wanted, empty="No card yet.")


@card.command("diff")
@click.argument("ref", metavar="AGENT")
@click.argument("old", type=int)
@click.argument("new", type=int)
@json_option
@click.pass_context
def diff(context: click.Context, ref: str, old: int, new: int, json_wanted: bool) -> None:
    """What is different between two versions of an agent's card."""
    rows = server(context).get(f"{at('agents', ref, 'cards', 'diff')}?from={old}&to={new}")
    output.listing(rows, CHANGES, json_wanted=json_wanted, empty="They are the same.")


@card.command("verify")
@click.argument("ref", metavar="AGENT")
@json_option
@click.pass_context
def verify(context: click.Context, ref: str, json_wanted: bool) -> None:
    """Check the signature of an agent's card. Fails when it is not good."""
    found = server(context).get(at("agents", ref, "signature"))
    if json_wanted:
        output.as_json(found)
    else:
        output.facts(list(found.items()))
    if found["state"] != "verified":
        raise Failed(f"The card of {ref} is {found['state']}.")


@card.command("keys")
@json_option
@click.pass_context
def keys(context: click.Context, json_wanted: bool) -> None:
    """The published keys; the current one signs."""
    rows = server(context).get("/api/v1/card-keys")
    output.listing(
        rows, KEYS, json_wanted=json_wanted, empty="No key yet: the first card makes one."
    )


@card.command("rotate")
@click.option("--algorithm", type=click.Choice(["ES256", "EdDSA"]), help="That of the key before.")
@json_option
@click.pass_context
def rotate(context: click.Context, algorithm: str | None, json_wanted: bool) -> None:
    """Sign with a new key from now on. The old one stays published for thirty days."""
    made = server(context).post("/api/v1/card-keys/rotate", {"algorithm": algorithm or ""})
    if json_wanted:
        output.as_json(made)
    else:
        click.echo(f"{made['kid']} signs now ({made['algorithm']})")
