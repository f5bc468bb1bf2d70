"""`agentx agent register` and what else there is for agents that live elsewhere."""

import json
from typing import IO, Any

import click

from agentx_site.cli import output
from agentx_site.cli.options import json_option
from agentx_site.cli.server import at
from agentx_site.cli.target import server

CHECKS = ("time", "is_ok", "milliseconds", "detail")
CHANGES = ("path", "kind", "before", "after")


@click.command("register")
@click.argument("where", metavar="URL | NAME ENDPOINT", nargs=-1, required=True)
@click.option("--name", default="", help="Its name here, in place of its card's.")
@click.option("--capability", "capabilities", multiple=True, help="May be given several times.")
@click.option("--metadata", default="{}", help="A JSON object.")
@click.option(
    "--credentials",
    type=click.File(),
    help='A file with JSON like {"scheme": "bearer", "token": "…"}; - is the standard input.',
)
@click.option("--trusted-keys", type=click.File(), help="A JWK set: whose signature counts.")
@click.option("--preview", is_flag=True, help="Show what would be registered; keep nothing.")
@json_option
@click.pass_context
def register(
    context: click.Context,
    where: tuple[str, ...],
    name: str,
    capabilities: tuple[str, ...],
    metadata: str,
    credentials: IO[str] | None,
    trusted_keys: IO[str] | None,
    preview: bool,
    json_wanted: bool,
) -> None:
    """Register an agent that lives elsewhere, by the URL of its card, or by a name and its endpoint."""
    body = _where(where, name)
    if credentials is not None:
        body["credentials"] = _object(credentials.read(), "--credentials")
    if trusted_keys is not None:
        body["trusted_keys"] = _object(trusted_keys.read(), "--trusted-keys")
    if preview:
        _preview(server(context).post("/api/v1/agents/preview", body), json_wanted)
        return
    body |= {"capabilities": list(capabilities), "metadata": _object(metadata, "--metadata")}
    made = server(context).post("/api/v1/agents/register", body)
    if json_wanted:
        output.as_json(made)
    else:
        click.echo(f"{made['slug']} is registered at {made['url']}")


@click.command("upstream")
@click.argument("ref", metavar="AGENT")
@click.option("--check", is_flag=True, help="Look at it now.")
@json_option
@click.pass_context
def upstream(context: click.Context, ref: str, check: bool, json_wanted: bool) -> None:
    """How an agent elsewhere is reached, how it was last seen, and what changed in its card."""
    api = server(context)
    if check:
        told = api.post(at("agents", ref, "upstream", "check"))
    else:
        told = api.get(at("agents", ref, "upstream"))
    if json_wanted:
        output.as_json(told)
        return
    drift, checks = told.pop("drift"), told.pop("checks")
    del told["pending_card"]
    told["interface"] = " ".join(str(part) for part in told["interface"].values() if part)
    output.facts([(name.replace("_", " "), value) for name, value in told.items()])
    if drift:
        click.echo("\nIts card has changed; `agentx agent approve` goes by the new one:")
        output.listing(drift, CHANGES, json_wanted=False, empty="")
    if checks:
        click.echo()
        output.listing(checks[:10], CHECKS, json_wanted=False, empty="")


@click.command("approve")
@click.argument("ref", metavar="AGENT")
@json_option
@click.pass_context
def approve(context: click.Context, ref: str, json_wanted: bool) -> None:
    """Go by the changed card of an agent elsewhere."""
    told = server(context).post(at("agents", ref, "card", "approve"))
    output.done(told, f"AgentX goes by the new card of {ref}", json_wanted=json_wanted)


@click.command("reject")
@click.argument("ref", metavar="AGENT")
@json_option
@click.pass_context
def reject(context: click.Context, ref: str, json_wanted: bool) -> None:
    """Stay with the approved card of an agent elsewhere."""
    told = server(context).post(at("agents", ref, "card", "reject"))
    output.done(told, f"AgentX stays with the approved card of {ref}", json_wanted=json_wanted)


def _where(told: tuple[str, ...], name: str) -> dict[str, Any]:
    if len(told) == 1:
        return {"card_url": told[0]} | ({"name": name} if name else {})
    if len(told) > 2:
        raise click.UsageError("Give the URL of its card, or its name and its endpoint.")
    return {"name": told[0], "endpoint": told[1]}


def _preview(told: dict[str, Any], json_wanted: bool) -> None:
    if json_wanted:
        output.as_json(told)
        return
    chosen = told["interface"]
    output.facts(
        [
            ("card", told["card_url"]),
            ("name", told["name"]),
            ("address here", told["slug"] + (" (taken)" if told["is_taken"] else "")),
            ("interface", f"{chosen['url']} {chosen['binding']} {chosen['version']}"),
            ("signature", f"{told['signature']} {told['signature_detail']}".strip()),
            ("capabilities", told["capabilities"]),
            ("warnings", told["warnings"]),
        ]
    )


def _object(text: str, option: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise click.BadParameter("is no JSON object", param_hint=option)
    return value
