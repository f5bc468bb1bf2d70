"""`agentx plugin publish | search | market | rate | yank | unyank`: the registry, and static folders like it."""

from pathlib import Path
from typing import Final

import click

from agentx_site.cli import output
from agentx_site.cli.errors import Failed
from agentx_site.cli.options import group, json_option
from agentx_site.cli.packages import (
    UPLOAD_SECONDS,
    entries_in,
    package_at,
    signed,
    signing_option,
)
from agentx_site.cli.plugins import plugin
from agentx_site.cli.server import Json, at
from agentx_site.cli.target import server
from plugins_app.fetching.folder import publish_to
from plugins_app.packages import index
from security.errors import PublicError

COLUMNS: Final = ("name", "version", "trust", "stars", "downloads", "framework", "description")
ELSEWHERE: Final = ("name", "version", "framework", "kind", "description")
VERSIONS: Final = ("version", "trust", "review", "downloads", "published", "published_by", "yanked")
RATINGS: Final = ("stars", "person", "comment", "updated")
market = group("market", "The registry: what can be installed.")
plugin.add_command(market)


@plugin.command("publish")
@click.argument("path", metavar="[FOLDER | PACKAGE]", type=click.Path(path_type=Path), default=".")
@click.option("--to", "folder", type=click.Path(path_type=Path), help="A static folder instead.")
@signing_option
@json_option
@click.pass_context
def publish(
    context: click.Context,
    path: Path,
    folder: Path | None,
    key_file: Path | None,
    json_wanted: bool,
) -> None:
    """List a plugin in AgentX's registry, or in a static folder that any web server can serve."""
    package = signed(package_at(path), key_file)
    built = package.built
    if folder is not None:
        try:
            entry = publish_to(folder, built, package.signature)
        except (PublicError, OSError) as error:
            raise Failed(getattr(error, "message", str(error))) from None
        told: Json = {"name": entry.name, "version": entry.version, "sha256": entry.sha256}
        where = str(folder)
    else:
        fields = {"signature": package.signature} if package.signature else {}
        connection = server(context)
        told = connection.upload("/api/v1/market", built.content, fields, UPLOAD_SECONDS)
        where = connection.url
    if json_wanted:
        output.as_json(told)
        return
    click.echo(f"{built.name} {built.version} is published at {where}")
    if told.get("review") == "pending":
        asked = f"It asks for the trust {told['wanted_trust']} and has {told['trust']}"
        click.echo(f"{asked} until somebody else reviews it.", err=True)


@plugin.command("search")
@click.argument("words", nargs=-1)
@click.option("--kind", default="", help="llm, tool, memory, …")
@click.option("--framework", default="")
@click.option("--capability", default="")
@click.option("--trust", type=click.Choice(("public", "verified", "trusted", "internal")))
@click.option("--registry", default="", help="A folder, or one AgentX knows by name.")
@json_option
@click.pass_context
def search(
    context: click.Context,
    words: tuple[str, ...],
    kind: str,
    framework: str,
    capability: str,
    trust: str | None,
    registry: str,
    json_wanted: bool,
) -> None:
    """Find plugins in the registry, or in another one."""
    text = " ".join(words)
    if registry:
        rows = _elsewhere(context, registry, text)
        output.listing(rows, ELSEWHERE, json_wanted=json_wanted, empty="It has no such plugin.")
        return
    rows = server(context).rows(
        "/api/v1/market",
        search=text,
        kind=kind,
        framework=framework,
        capability=capability,
        trust=trust,
    )
    output.listing(rows, COLUMNS, json_wanted=json_wanted, empty="The registry has no such plugin.")


def _elsewhere(context: click.Context, registry: str, text: str) -> list[Json]:
    folder = Path(registry).expanduser()
    if (folder / index.FILE_NAME).exists():
        found = index.matching(entries_in(folder), text)
        return [{name: getattr(each, name) for name in ELSEWHERE} for each in found]
    rows: list[Json] = server(context).get(at("registries", registry, "packages"), search=text)
    return rows


@market.command("show")
@click.argument("name")
@json_option
@click.pass_context
def show(context: click.Context, name: str, json_wanted: bool) -> None:
    """One plugin of the registry: its versions, what it needs, what people say."""
    connection = server(context)
    found = connection.get(at("market", name))
    ratings = connection.rows(at("market", name, "ratings"), 50)
    if json_wanted:
        output.as_json({**found, "latest_ratings": ratings})
        return
    needs = [_needed(each) for each in found["manifest"].get("dependencies", ())]
    facts = ("name", "version", "description", "kind", "framework", "trust", "signer", "stars")
    output.facts(
        [*((fact, found[fact]) for fact in facts),
         ("needs", needs), ("downloads", found["all_downloads"]), ("installed", found["installed"])]
    )  # fmt: skip
    click.echo()
    rows = [tuple(row[column] for column in VERSIONS) for row in found["versions"]]
    output.table(VERSIONS, rows, "No version.")
    if ratings:
        click.echo()
        output.table(RATINGS, [tuple(row[each] for each in RATINGS) for row in ratings], "")


def _needed(dependency: Json) -> str:
    return f"{dependency['name']} {dependency.get('version', '')}".strip()


@market.command("download")
@click.argument("package", metavar="NAME@VERSION")
@click.option("--output", "-o", "folder", type=click.Path(path_type=Path), default=".")
@json_option
@click.pass_context
def download(context: click.Context, package: str, folder: Path, json_wanted: bool) -> None:
    """Fetch a package, and its signature beside it."""
    name, version = _exact(package)
    path = at("market", name, version, "download")
    content, headers = server(context).download(path, UPLOAD_SECONDS)
    to = folder / f"{name}-{version}.agentx.tar.gz"
    to.write_bytes(content)
    if signature := headers.get("x-agentx-signature"):
        to.with_name(to.name + ".sig").write_text(signature + "\n")
    told = {"name": name, "version": version, "file": str(to), "signature": signature or ""}
    output.done(told, str(to), json_wanted=json_wanted)


@plugin.command("yank")
@click.argument("package", metavar="NAME@VERSION")
@click.argument("reason")
@json_option
@click.pass_context
def yank(context: click.Context, package: str, reason: str, json_wanted: bool) -> None:
    """Let no range choose a version any more; who names it exactly still gets it, with a warning."""
    name, version = _exact(package)
    told = server(context).post(at("market", name, version, "yank"), {"reason": reason})
    output.done(told, f"{name} {version} is yanked", json_wanted=json_wanted)


@plugin.command("unyank")
@click.argument("package", metavar="NAME@VERSION")
@json_option
@click.pass_context
def unyank(context: click.Context, package: str, json_wanted: bool) -> None:
    """Let ranges choose a version again."""
    name, version = _exact(package)
    told = server(context).post(at("market", name, version, "unyank"))
    output.done(told, f"{name} {version} can be had again", json_wanted=json_wanted)


@plugin.command("rate")
@click.argument("name")
@click.argument("stars", type=click.IntRange(1, 5))
@click.argument("comment", default="")
@json_option
@click.pass_context
def rate(context: click.Context, name: str, stars: int, comment: str, json_wanted: bool) -> None:
    """Say what you think of a plugin: one to five stars, once per person."""
    body = {"stars": stars, "comment": comment}
    told = server(context).post(at("market", name, "ratings"), body)
    output.done(told, f"{name}: {'★' * stars}", json_wanted=json_wanted)


def _exact(package: str) -> tuple[str, str]:
    name, _at, version = package.partition("@")
    if not version:
        raise click.BadParameter(f"{package!r} is not NAME@VERSION")
    return name, version
