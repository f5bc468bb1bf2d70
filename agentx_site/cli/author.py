"""`agentx plugin new`: a project whose tests pass at once."""

import os
import re
import shlex
import shutil
import sys
from pathlib import Path
from typing import Final

import click

from agentx_site.cli import applications, node_sdk, templates
from agentx_site.cli.errors import Failed
from agentx_site.cli.plugins import plugin
from agentx_site.cli.target import PROJECT

# Below it a folder for each language, in that the files of a project without a framework.
TEMPLATES: Final = templates.FOLDER / "plugin"
DEFAULT: Final = "custom"
SCHEMA: Final = PROJECT / "sdk" / "python" / "agentx_sdk" / "manifest.schema.json"
SLUG: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
MAX_SLUG: Final = 64


def languages() -> list[str]:
    return sorted(path.name for path in TEMPLATES.iterdir() if path.is_dir())


def frameworks(language: str) -> list[str]:
    return sorted([DEFAULT, *applications.frameworks(language)])


@plugin.command("new")
@click.argument("name")
@click.option("--language", type=click.Choice(languages()), default="python", show_default=True)
@click.option(
    "--framework", default=DEFAULT, show_default=True, help="What the agent is made with."
)
@click.option(
    "--code",
    default="",
    help="An application that is there: path/to/app.py:name. With --framework.",
)
@click.option(
    "--into",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder to make; the plugin's name here when it is not given.",
)
def new(name: str, language: str, framework: str, code: str, into: Path | None) -> None:
    """Make a plugin to begin with: its program, its manifest, and tests that pass.

    With --framework it is made of the bundled plugin of that framework, and of an application: yours, with --code.
    """
    framework = framework.replace("_", "-")
    _check_framework(language, framework, code)
    _check_name(name)
    folder, words = into or Path(name), _words(name, framework)
    files = (
        templates.filled(TEMPLATES / language / DEFAULT, words)
        if framework == DEFAULT
        else applications.files_of(framework, language, words, code)
    )
    made = _write(folder, files)
    click.echo(f"{folder} is made: {', '.join(made)}")
    _lend_tools(folder, language)
    click.echo(f"\n  cd {shlex.quote(str(folder))}")
    for command in _commands(language, framework):
        click.echo(f"  {command}")


def _check_framework(language: str, framework: str, code: str) -> None:
    known = frameworks(language)
    if framework not in known:
        told = ", ".join(known)
        raise Failed(f"there is no {language} template for {framework!r}: there are {told}.")
    if code and framework == DEFAULT:
        raise Failed("--code needs the --framework that the application is made with.")


def _check_name(name: str) -> None:
    if not SLUG.fullmatch(name) or len(name) > MAX_SLUG:
        raise Failed(f"{name!r} is no name: small letters, digits and `-`, at most {MAX_SLUG}.")


def _words(slug: str, framework: str) -> dict[str, str]:
    title = slug.replace("-", " ").capitalize()
    class_name = "".join(word.capitalize() for word in slug.split("-"))
    if class_name[0].isdigit():
        class_name = f"Plugin{class_name}"
    return {"slug": slug, "title": title, "class": class_name, "framework": framework}


def _commands(language: str, framework: str) -> list[str]:
    """What its author types next."""
    if framework == DEFAULT:
        return [_test_command(language), "agentx plugin dev"]
    fetch = ["npm ci"] if language == "node" else []
    return [*fetch, "agentx plugin test --own", "agentx plugin dev"]


def _test_command(language: str) -> str:
    if language == "node":
        return "npm test"
    sdk, python = _short(PROJECT / "sdk" / "python"), _short(Path(sys.executable))
    return f"PYTHONPATH={sdk} {python} -m unittest discover tests"


def _short(path: Path) -> str:
    """As its owner would type it."""
    home = f"{Path.home()}{os.sep}"
    text = str(path)
    return (
        f"~/{shlex.quote(text.removeprefix(home))}" if text.startswith(home) else shlex.quote(text)
    )


def _write(folder: Path, files: dict[Path, bytes]) -> list[str]:
    """Refuses when one of them is there already, before anything is written."""
    there = sorted(str(name) for name in files if (folder / name).exists())
    if there:
        raise Failed(f"{folder} has {', '.join(there)} already: nothing was written.")
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        with (folder / name).open("xb") as file:
            file.write(content)
    return sorted(str(name) for name in files)


def _lend_tools(folder: Path, language: str) -> None:
    """What an editor and the tests need of AgentX; neither git nor a package takes it."""
    if SCHEMA.is_file():
        (folder / ".agentx").mkdir(exist_ok=True)
        shutil.copyfile(SCHEMA, folder / ".agentx" / SCHEMA.name)
    if language == "node":
        node_sdk.lend(folder)
