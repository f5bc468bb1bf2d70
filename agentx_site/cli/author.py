"""`agentx plugin new`: a project whose tests pass at once."""

import os
import re
import shlex
import shutil
import sys
from pathlib import Path
from typing import Final

import click

from agentx_site.cli import node_sdk
from agentx_site.cli.errors import Failed
from agentx_site.cli.plugins import plugin
from agentx_site.cli.target import PROJECT

# Below it a folder for each language, in that one for each framework, in that the project's files.
TEMPLATES: Final = Path(__file__).parent / "templates" / "plugin"
SUFFIX: Final = ".template"
DOTTED: Final = {"gitignore", "agentxignore"}
DEFAULT: Final = "custom"
SCHEMA: Final = PROJECT / "sdk" / "python" / "agentx_sdk" / "manifest.schema.json"
SLUG: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
MAX_SLUG: Final = 64


def languages() -> list[str]:
    return sorted(path.name for path in TEMPLATES.iterdir() if path.is_dir())


def frameworks(language: str) -> list[str]:
    return sorted(path.name for path in (TEMPLATES / language).iterdir() if path.is_dir())


@plugin.command("new")
@click.argument("name")
@click.option("--language", type=click.Choice(languages()), default="python", show_default=True)
@click.option(
    "--framework", default=DEFAULT, show_default=True, help="What the agent is made with."
)
@click.option(
    "--into",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder to make; the plugin's name here when it is not given.",
)
def new(name: str, language: str, framework: str, into: Path | None) -> None:
    """Make a plugin to begin with: its program, its manifest, and tests that pass."""
    template = _template(language, framework)
    _check_name(name)
    folder = into or Path(name)
    made = _fill_in(template, folder, _words(name, framework))
    click.echo(f"{folder} is made: {', '.join(made)}")
    _lend_tools(folder, language)
    click.echo(
        f"\n  cd {shlex.quote(str(folder))}\n  {_test_command(language)}\n  agentx plugin dev"
    )


def _template(language: str, framework: str) -> Path:
    known = frameworks(language)
    if framework not in known:
        told = ", ".join(known)
        raise Failed(f"there is no {language} template for {framework!r}: there are {told}.")
    return TEMPLATES / language / framework


def _check_name(name: str) -> None:
    if not SLUG.fullmatch(name) or len(name) > MAX_SLUG:
        raise Failed(f"{name!r} is no name: small letters, digits and `-`, at most {MAX_SLUG}.")


def _words(slug: str, framework: str) -> dict[str, str]:
    title = slug.replace("-", " ").capitalize()
    class_name = "".join(word.capitalize() for word in slug.split("-"))
    if class_name[0].isdigit():
        class_name = f"Plugin{class_name}"
    return {"slug": slug, "title": title, "class": class_name, "framework": framework}


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


def _fill_in(template: Path, folder: Path, words: dict[str, str]) -> list[str]:
    """Write the project's files; refuses when one of them is there already, before anything is written."""
    sources = sorted(path for path in template.rglob("*") if path.is_file())
    targets = {source: _target(source.relative_to(template)) for source in sources}
    there = sorted(str(name) for name in targets.values() if (folder / name).exists())
    if there:
        raise Failed(f"{folder} has {', '.join(there)} already: nothing was written.")
    for source, name in targets.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        with (folder / name).open("x") as file:
            file.write(_filled_in(source.read_text(), words))
    return sorted(str(name) for name in targets.values())


def _target(name: Path) -> Path:
    bare = name.name.removesuffix(SUFFIX)
    return name.with_name(f".{bare}" if bare in DOTTED else bare)


def _filled_in(text: str, words: dict[str, str]) -> str:
    return re.sub(r"\{\{(\w+)\}\}", lambda match: words[match[1]], text)


def _lend_tools(folder: Path, language: str) -> None:
    """What an editor and the tests need of AgentX; neither git nor a package takes it."""
    if SCHEMA.is_file():
        (folder / ".agentx").mkdir(exist_ok=True)
        shutil.copyfile(SCHEMA, folder / ".agentx" / SCHEMA.name)
    if language == "node":
        node_sdk.lend(folder)
