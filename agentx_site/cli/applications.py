"""A plugin around an application of a framework: the bundled plugin's files, and the application beside them."""

import ast
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from agentx_site.cli import templates
from agentx_site.cli.errors import Failed
from agentx_site.cli.target import PROJECT
from agentx_site.cli.yaml_blocks import replaced, without

BUNDLED: Final = PROJECT / "plugins"
APPS: Final = templates.FOLDER / "app"
AROUND: Final = templates.FOLDER / "framework"
LANGUAGES: Final = {".py": "python", ".js": "node"}
# Of the bundled plugin alone: what tests and shows it; and what is made in folders.
LEFT_OUT: Final = {"tests", "examples", "README.md"}
MADE: Final = {"node_modules", "__pycache__"}
KEPT: Final = {".npmrc"}
PACKAGE: Final = Path("package.json")
SCHEMA_LINE: Final = "# yaml-language-server: $schema=.agentx/manifest.schema.json\n"
NO_CODE: Final = "must be a file and a name in it, such as path/to/app.py:graph"
MOST_BYTES: Final = 20 * 1024 * 1024  # of an application


@dataclass(frozen=True)
class Application:
    """`code`: how the plugin's configuration names it. `files`: by where they lie in the plugin."""

    code: str
    files: dict[Path, bytes]


def frameworks(language: str) -> list[str]:
    """Those that come with AgentX, and for which there is an application to begin with."""
    found = {
        path.name.split(".")[0]
        for path in APPS.iterdir()
        if LANGUAGES.get(Path(path.stem).suffix) == language
    }
    return sorted(name for name in found if (_bundled(name) / "plugin.yaml").is_file())


def files_of(framework: str, language: str, words: dict[str, str], code: str) -> dict[Path, bytes]:
    """Everything of the new plugin. `code`: an existing application; empty: one to begin with. Raises `Failed`."""
    app = existing(code) if code else _beginning(framework, language, words)
    files = dict(_copied(_bundled(framework)))
    for name in sorted({*files} & {*app.files}):
        raise Failed(f"the plugin has a file {name} of its own: call the application's otherwise.")
    told = {**words, "code": app.code}
    around = templates.filled(AROUND / language, told)
    manifest = Path("plugin.yaml")
    files[manifest] = _manifest(files[manifest].decode(), told).encode()
    if PACKAGE in files:
        files[PACKAGE] = _package_json(files[PACKAGE], words["slug"])
    return {**files, **app.files, **around}


def existing(told: str) -> Application:
    """The file, the package that it is in, and what these import of what lies beside them. Raises `Failed`."""
    where, _, name = told.rpartition(":")
    file = Path(where)
    if not where or not name or not file.is_file():
        raise Failed(f"--code {told!r}: {NO_CODE}.")
    file = file.resolve()
    root = file.parent
    while (root / "__init__.py").is_file():
        root = root.parent
    files = {path.relative_to(root): path.read_bytes() for path in _needed(file, root)}
    if sum(map(len, files.values())) > MOST_BYTES:
        raise Failed(f"--code {told!r}: the application is larger than {MOST_BYTES >> 20} MiB.")
    return Application(f"{file.relative_to(root).as_posix()}:{name}", files)


def _bundled(framework: str) -> Path:
    return BUNDLED / framework.replace("-", "_")


def _copied(folder: Path) -> Iterator[tuple[Path, bytes]]:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if path.is_file() and name.parts[0] not in LEFT_OUT and not _is_made(name):
            yield name, path.read_bytes()


def _is_made(name: Path) -> bool:
    """Whether a tool made it, and makes it again."""
    return any((part.startswith(".") and part not in KEPT) or part in MADE for part in name.parts)


def _beginning(framework: str, language: str, words: dict[str, str]) -> Application:
    (template,) = (path for path in APPS.iterdir() if path.name.split(".")[0] == framework)
    name = Path("app").with_suffix(Path(template.stem).suffix)
    source = template.read_text()
    made = "graph" if "def graph(" in source else "agent"
    return Application(f"{name}:{made}", {name: templates.put_in(source, words).encode()})


def _package_json(told: bytes, slug: str) -> bytes:
    """What npm finds the same packages by; its tests find the SDK again when npm took the link to it away."""
    package = json.loads(told)
    template = templates.FOLDER / "plugin" / "node" / "custom" / "package.json.template"
    scripts = json.loads(template.read_text())["scripts"]
    package |= {"name": slug, "version": "0.1.0", "scripts": scripts}
    return f"{json.dumps(package, indent=2)}\n".encode()


def _manifest(text: str, words: dict[str, str]) -> str:
    """The bundled plugin's, for another plugin with one agent: the application."""
    about = f"An application of {words['framework']}."
    metadata = {"name": words["slug"], "version": "0.1.0", "description": about, "author": ""}
    agent: dict[str, Any] = {
        "slug": words["slug"],
        "name": words["title"],
        "description": about,
        "skills": [
            {
                "id": words["slug"],
                "name": words["title"],
                "description": about,
                "tags": [words["framework"]],
                "examples": ["hello"],
            }
        ],
        "config": {"code": words["code"]},
    }
    for key in ("trust", "autostart"):
        text = without(text, key)
    text = replaced(text, "metadata", {**metadata, "license": "Apache-2.0"})
    return SCHEMA_LINE + replaced(text, "agents", [agent])


# ---- What an application is made of


def _needed(file: Path, root: Path) -> list[Path]:
    """Files below `root`, the application's own first."""
    found: dict[Path, None] = {}
    waiting = [file, *_package(file, root)]
    while waiting:
        each = waiting.pop(0)
        if each in found:
            continue
        found[each] = None
        if each.suffix == ".py":
            waiting += [path for name in _imported(each) for path in _beside(name, root)]
    return list(found)


def _package(file: Path, root: Path) -> list[Path]:
    top = root / file.relative_to(root).parts[0]
    return _all_of(top) if top.is_dir() else []


def _beside(name: str, root: Path) -> list[Path]:
    module = root / f"{name}.py"
    return [module] if module.is_file() else _all_of(root / name)


def _all_of(package: Path) -> list[Path]:
    """Not what was made of it; nothing that is a link, which may lead anywhere."""
    if not package.is_dir():
        return []
    paths = sorted(package.rglob("*"))
    return [
        path
        for path in paths
        if path.is_file() and not path.is_symlink() and not _is_made(path.relative_to(package))
    ]


def _imported(file: Path) -> set[str]:
    """The first names of what a module imports."""
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError) as error:
        raise Failed(f"{file} is not Python: {error}.") from None
    names = {
        name
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom) and not node.level
            else []
        )
    }
    return {name.split(".")[0] for name in names} - {""}
