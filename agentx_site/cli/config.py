"""`agentx plugin config` and `agentx plugin secret …`."""

import json
import sys
from pathlib import Path
from typing import Any, Final

import click

from agentx_site.cli import output
from agentx_site.cli.errors import Failed
from agentx_site.cli.options import Commands, json_option
from agentx_site.cli.plugins import plugin
from agentx_site.cli.server import ANSWER_SECONDS, Json, Server, at
from agentx_site.cli.target import server

FORMATS: Final = ("json", "yaml", "toml")
ENDINGS: Final = {".json": "json", ".yaml": "yaml", ".yml": "yaml", ".toml": "toml"}
NOTHING: Final = "\N{EN DASH}"
HISTORY: Final = ("number", "created", "author", "restored", "note")


@plugin.command("config")
@click.argument("name")
@click.argument("settings", metavar="[KEY=VALUE]...", nargs=-1)
@click.option("--unset", multiple=True, help="Take this key away.")
@click.option(
    "--file", "source", type=click.File("rb"), help="A whole configuration; - is standard input."
)
@click.option(
    "--format", "format", type=click.Choice(FORMATS), help="Of the file, or of what is shown."
)
@click.option("--diff", is_flag=True, help="Show what would change; change nothing.")
@click.option("--history", is_flag=True, help="The revisions, newest first.")
@click.option("--restore", type=click.IntRange(0), help="Go back to this revision.")
@click.option("--note", default="", help="Why, for the history.")
@json_option
@click.pass_context
def config(
    context: click.Context,
    name: str,
    settings: tuple[str, ...],
    unset: tuple[str, ...],
    source: Any,
    format: str | None,
    diff: bool,
    history: bool,
    restore: int | None,
    note: str,
    json_wanted: bool,
) -> None:
    """Show a plugin's configuration, or change it by a new revision.

    Processes take it as they run where their plugin can, else they are replaced. A value is read as JSON where it is
    JSON (`retries=3`, `stream=true`), else as text; a dotted key (`database.host=db`) reaches into objects. Secrets are
    shown as references; one that is given is sealed, and `agentx plugin secret set` keeps it off the command line.
    """
    wanted = [bool(settings or unset), source is not None, history, restore is not None]
    if sum(wanted) > 1:
        raise click.UsageError("Give one of: KEY=VALUE and --unset, --file, --history, --restore.")
    connection = server(context)
    if history:
        _history(connection, name, json_wanted)
    elif restore is not None:
        _restore(connection, name, restore, note, diff)
    elif source is not None:
        text = source.read().decode(errors="replace")
        _take(connection, name, text, _format(format, source.name), note, diff, None)
    elif settings or unset:
        base = connection.get(at("plugins", name))["revision"]
        held = connection.get(at("plugins", name, "config"))
        wanted_config = changed(held, settings, unset)
        _take(connection, name, json.dumps(wanted_config), "json", note, diff, base)
    elif diff:
        _last(connection, name)
    else:
        _show(connection, name, format or "json")


def _show(connection: Server, name: str, format: str) -> None:
    path = f"{at('plugins', name, 'config')}?format={format}"
    content, _headers = connection.download(path, ANSWER_SECONDS)
    text = content.decode()
    # JSON as it comes is for programs: on one line.
    click.echo(
        json.dumps(json.loads(text), indent=2, sort_keys=True)
        if format == "json"
        else text.rstrip()
    )


def _take(
    connection: Server, name: str, text: str, format: str, note: str, diff: bool, base: int | None
) -> None:
    if diff:
        _check(connection.sent("POST", at("plugins", name, "config", "check"), text, format))
        return
    query = {"note": note, "base": base}
    connection.sent("PUT", at("plugins", name, "config"), text, format, query)
    _show(connection, name, "json")


def _check(told: Json) -> None:
    """Fails when it would be refused: scripts ask before they change anything."""
    _changes(told["changes"])
    click.echo(told["plugin"], err=True)
    if told["problems"]:
        listed = "; ".join(f"{field} {why}".strip() for field, why in told["problems"].items())
        raise Failed(f"it would be refused: {listed}")


def _restore(connection: Server, name: str, number: int, note: str, diff: bool) -> None:
    if diff:
        newest = connection.get(at("plugins", name))["revision"]
        path = at("plugins", name, "config", "revisions", str(number))
        _changes(connection.get(path, against=newest)["changes"])
        return
    body = {"number": number, "note": note}
    told = connection.post(at("plugins", name, "config", "restore"), body)
    click.echo(f"{name} is at revision {told['revision']}, which is like {number}")


def _history(connection: Server, name: str, json_wanted: bool) -> None:
    rows = connection.rows(at("plugins", name, "config", "revisions"))
    empty = f"{name} is as its plugin.yaml has it: nobody changed its configuration."
    output.listing(rows, HISTORY, json_wanted=json_wanted, empty=empty)


def _last(connection: Server, name: str) -> None:
    newest = connection.get(at("plugins", name))["revision"]
    path = at("plugins", name, "config", "revisions", str(newest))
    _changes(connection.get(path)["changes"])


def _changes(rows: list[Json]) -> None:
    told = [(row["path"], _shown(row["before"]), _shown(row["after"])) for row in rows]
    output.table(("field", "before", "after"), told, "Nothing changes.")


def _shown(value: Any) -> str:
    if value is None:
        return NOTHING
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _format(chosen: str | None, name: str) -> str:
    return chosen or ENDINGS.get(Path(name).suffix.lower(), "json")


def changed(held: Json, settings: tuple[str, ...], unset: tuple[str, ...]) -> Json:
    """A configuration with each KEY=VALUE in its dotted place, and without what is unset."""
    for key in unset:
        held = _without(held, key)
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not key or not equals:
            raise click.BadParameter(f"{setting!r} is not KEY=VALUE")
        held = _with(held, key, _value(value))
    return held


def _with(held: Json, key: str, value: Any) -> Json:
    """With the value at its dotted place; a key that is there with its dots is that one."""
    first, dot, rest = key.partition(".")
    if not dot or key in held:
        return {**held, key: value}
    inner = held.get(first, {})
    if not isinstance(inner, dict):
        raise click.BadParameter(f"{first} is no object: set it as a whole, as JSON")
    return {**held, first: _with(inner, rest, value)}


def _without(held: Json, key: str) -> Json:
    first, dot, rest = key.partition(".")
    if key in held or not dot:
        return {name: value for name, value in held.items() if name != key}
    inner = held.get(first)
    return {**held, first: _without(inner, rest)} if isinstance(inner, dict) else held


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


secret = Commands("secret", help="Secrets of a plugin: list, set, remove.")
plugin.add_command(secret)


@secret.command("list")
@click.argument("name")
@json_option
@click.pass_context
def list_secrets(context: click.Context, name: str, json_wanted: bool) -> None:
    """Which secrets a plugin has; never what they are."""
    rows = server(context).get(at("plugins", name, "secrets"))
    empty = f"None: set one with `agentx plugin secret set {name} FIELD`."
    output.listing(rows, ("field", "name", "used", "set"), json_wanted=json_wanted, empty=empty)


@secret.command("set")
@click.argument("name")
@click.argument("field")
@json_option
@click.pass_context
def set_secret(context: click.Context, name: str, field: str, json_wanted: bool) -> None:
    """Set the secret of a field, by its dotted name; asked for, or read from standard input."""
    value = _asked(field)
    told = server(context).put(at("plugins", name, "secrets", field), {"value": value})
    sentence = f"{name} is at revision {told['revision']}, with the secret of {field}"
    output.done(told, sentence, json_wanted=json_wanted)


@secret.command("remove")
@click.argument("name")
@click.argument("field")
@json_option
@click.pass_context
def remove_secret(context: click.Context, name: str, field: str, json_wanted: bool) -> None:
    """Take a secret away, from older revisions, too, and its field out of the configuration."""
    server(context).delete(at("plugins", name, "secrets", field))
    told = {"name": name, "field": field}
    output.done(told, f"the secret of {field} is gone", json_wanted=json_wanted)


def _asked(field: str) -> str:
    """Never an argument: those are seen in the list of processes and kept by shells."""
    if sys.stdin.isatty():
        return str(click.prompt(f"Secret of {field}", hide_input=True, confirmation_prompt=True))
    value = sys.stdin.read().rstrip("\n")
    if not value:
        raise Failed("nothing came on standard input: there is no secret to set.")
    return value
