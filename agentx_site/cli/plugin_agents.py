"""`agentx plugin agent …` and `agentx plugin folders`: the agents that people make of a plugin."""

import json
import time
from typing import Any, Final

import click
import yaml

from agentx_site.cli import output
from agentx_site.cli.config import changed
from agentx_site.cli.errors import Failed
from agentx_site.cli.options import Commands, Function, json_option
from agentx_site.cli.plugins import plugin
from agentx_site.cli.server import Json, Server, at
from agentx_site.cli.target import server

COLUMNS: Final = ("slug", "state", "origin", "revision", "model", "reason")
LOOK_SECONDS: Final = 0.2
PATIENCE_SECONDS: Final = 15.0

agent = Commands("agent", help="Agents of a plugin: list, show, add, set, remove.")
plugin.add_command(agent)


def told(function: Function) -> Function:
    """What an agent is to be like."""
    options = (
        click.option("--name", "title", help="As people see it."),
        click.option("--description", help="One sentence, for its card."),
        click.option(
            "--file",
            "source",
            type=click.File("rb"),
            help="A whole configuration, JSON or YAML; - is standard input.",
        ),
        click.option("--no-wait", is_flag=True, help="Return before its processes have made it."),
    )
    for option in reversed(options):
        function = option(function)
    return function


@agent.command("list")
@click.argument("name", metavar="PLUGIN")
@click.option("--search", default="", help="Words in address, name and description.")
@json_option
@click.pass_context
def list_agents(context: click.Context, name: str, search: str, json_wanted: bool) -> None:
    """The agents that a plugin hosts: those of its plugin.yaml, and those that people made."""
    rows = server(context).rows(at("plugins", name, "agents"), search=search)
    if not json_wanted:
        rows = [{**row, "model": (row["model"] or {}).get("name", "")} for row in rows]
    empty = f"None: make one with `agentx plugin agent add {name} ADDRESS`."
    output.listing(rows, COLUMNS, json_wanted=json_wanted, empty=empty)


@agent.command("show")
@click.argument("name", metavar="PLUGIN")
@click.argument("slug", metavar="ADDRESS")
@json_option
@click.pass_context
def show(context: click.Context, name: str, slug: str, json_wanted: bool) -> None:
    """One agent with its configuration; secrets are references."""
    found = server(context).get(at("plugins", name, "agents", slug))
    if json_wanted:
        output.as_json(found)
        return
    output.facts([(column, found[column]) for column in ("slug", "name", "description")])
    output.facts([(column, found[column]) for column in ("state", "reason", "origin", "revision")])
    output.facts([("model", _model(found["model"]))])
    click.echo(output.harmless(json.dumps(found["config"], indent=2, ensure_ascii=False)))


@agent.command("add")
@click.argument("name", metavar="PLUGIN")
@click.argument("slug", metavar="ADDRESS")
@click.argument("settings", metavar="[KEY=VALUE]...", nargs=-1)
@told
@json_option
@click.pass_context
def add(
    context: click.Context,
    name: str,
    slug: str,
    settings: tuple[str, ...],
    title: str | None,
    description: str | None,
    source: Any,
    no_wait: bool,
    json_wanted: bool,
) -> None:
    """Have a plugin host one more agent.

    A value is read as JSON where it is JSON, else as text; a dotted key reaches into objects
    (`model.name=gpt-5 tools='["clock"]'`). Secrets that are given are sealed.
    """
    body: Json = {"slug": slug, "config": changed(_read(source), settings, ())}
    body |= _words(title, description)
    connection = server(context)
    made = connection.post(at("plugins", name, "agents"), body)
    _done(connection, name, made, f"{slug} is added to {name}", no_wait, json_wanted)


@agent.command("set")
@click.argument("name", metavar="PLUGIN")
@click.argument("slug", metavar="ADDRESS")
@click.argument("settings", metavar="[KEY=VALUE]...", nargs=-1)
@click.option("--unset", multiple=True, help="Take this key away.")
@told
@json_option
@click.pass_context
def change(
    context: click.Context,
    name: str,
    slug: str,
    settings: tuple[str, ...],
    unset: tuple[str, ...],
    title: str | None,
    description: str | None,
    source: Any,
    no_wait: bool,
    json_wanted: bool,
) -> None:
    """Tell an agent to be otherwise, by a new revision; its conversations go on.

    The same again tries anew what could not be made.
    """
    connection = server(context)
    held = connection.get(at("plugins", name, "agents", slug))
    config = changed(held["config"] if source is None else _read(source), settings, unset)
    body: Json = {"config": config, "base": held["revision"], **_words(title, description)}
    made = connection.put(at("plugins", name, "agents", slug), body)
    sentence = f"{slug} is at revision {made['revision']}"
    _done(connection, name, made, sentence, no_wait, json_wanted)


@agent.command("remove")
@click.argument("name", metavar="PLUGIN")
@click.argument("slug", metavar="ADDRESS")
@json_option
@click.pass_context
def remove(context: click.Context, name: str, slug: str, json_wanted: bool) -> None:
    """Retire an agent that somebody made; its tasks stay."""
    server(context).delete(at("plugins", name, "agents", slug))
    undo = f"`agentx plugin agent restore {name} {slug}` undoes it for 30 seconds"
    output.done({"slug": slug}, f"{slug} is removed: {undo}", json_wanted=json_wanted)


@agent.command("restore")
@click.argument("name", metavar="PLUGIN")
@click.argument("slug", metavar="ADDRESS")
@json_option
@click.pass_context
def restore(context: click.Context, name: str, slug: str, json_wanted: bool) -> None:
    """Undo the removal of an agent, within 30 seconds."""
    made = server(context).post(at("plugins", name, "agents", slug, "restore"))
    output.done(made, f"{slug} is back", json_wanted=json_wanted)


@agent.command("reset")
@click.argument("name", metavar="PLUGIN")
@click.argument("slug", metavar="ADDRESS")
@json_option
@click.pass_context
def reset(context: click.Context, name: str, slug: str, json_wanted: bool) -> None:
    """Let an agent be as its plugin.yaml has it again."""
    made = server(context).post(at("plugins", name, "agents", slug, "reset"))
    output.done(made, f"{slug} is as the plugin.yaml of {name} has it", json_wanted=json_wanted)


@plugin.command("folders")
@click.argument("name", metavar="PLUGIN")
@click.argument("folders", nargs=-1, type=click.Path())
@click.option("--none", "is_none", is_flag=True, help="Let it read no folder any more.")
@json_option
@click.pass_context
def folders(
    context: click.Context, name: str, folders: tuple[str, ...], is_none: bool, json_wanted: bool
) -> None:
    """Let a plugin read folders of own code on AgentX's machine, by their absolute paths; alone, show them.

    Its processes are replaced. Agents name what lies in them: `code: app.py:graph`.
    """
    if folders and is_none:
        raise click.UsageError("Give folders or --none.")
    connection, path = server(context), at("plugins", name, "folders")
    if folders or is_none:
        connection.put(path, {"folders": list(folders)})
    found = connection.get(path)
    if json_wanted:
        output.as_json(found)
        return
    for each in found["folders"]:
        click.echo(output.harmless(each))
    if not found["folders"]:
        click.echo(f"{name} reads no folder of own code.", err=True)


def _words(title: str | None, description: str | None) -> Json:
    words = {"name": title, "description": description}
    return {key: value for key, value in words.items() if value is not None}


def _read(source: Any) -> Json:
    """JSON is YAML, too."""
    if source is None:
        return {}
    try:
        found = yaml.safe_load(source.read())
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise Failed(f"{source.name} cannot be read: {error}") from None
    if not isinstance(found, dict):
        raise Failed(f"{source.name} holds no configuration: no object.")
    return found


def _done(
    connection: Server, name: str, made: Json, sentence: str, no_wait: bool, json_wanted: bool
) -> None:
    """Say what its processes made of it: somebody who added an agent wants to talk to it."""
    if not no_wait:
        made = _settled(connection, at("plugins", name, "agents", made["slug"]), made)
    if made["state"] == "error":
        raise Failed(f"{sentence}, and cannot be made: {output.harmless(made['reason'])}")
    output.done(made, f"{sentence} ({made['state']})", json_wanted=json_wanted)


def _settled(connection: Server, path: str, made: Json) -> Json:
    """Once every process has tried it. A plugin that does not run tries nothing."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not made["is_settled"] and time.monotonic() < deadline:
        time.sleep(LOOK_SECONDS)
        made = connection.get(path)
    return made


def _model(model: Json | None) -> str:
    if model is None:
        return ""
    demo = " (demo: its answers are made up)" if model["is_demo"] else ""
    return f"{model['name']} at {model['base_url']}{demo}"
