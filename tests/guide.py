"""What docs/guides/write-a-plugin.md shows: files under their names, and commands with what they print."""

import re
from pathlib import Path

from tests.node_sdk import ROOT

GUIDE = (ROOT / "docs" / "guides" / "write-a-plugin.md").read_text()
FILE = re.compile(r"^`([^`\n]+)`[^`\n]*:\n\n```\w+\n(.*?)^```", re.MULTILINE | re.DOTALL)
CONSOLE = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
BOTH = "tests/conformance.yaml"


def write_plugins(folder: Path) -> None:
    """The guide's two plugins, and nothing that it does not tell."""
    files = dict(FILE.findall(GUIDE))
    python, in_both = files["notes-python/plugin.yaml"], files.pop(BOTH)
    node = python.replace("notes-python", "notes-node")
    node = node.replace("language: python", "language: node").replace("main.py", "main.js")
    more = {"notes-node/plugin.yaml": node}
    more |= {f"{name}/{BOTH}": in_both for name in ("notes-python", "notes-node")}
    for name, text in (files | more).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def commands() -> list[tuple[str, list[str]]]:
    """Each command of the console blocks, and the lines it prints; `…` is any text."""
    found: list[tuple[str, list[str]]] = []
    for line in "".join(CONSOLE.findall(GUIDE)).splitlines():
        if line.startswith("$ "):
            found.append((line.removeprefix("$ "), []))
        else:
            found[-1][1].append(line)
    return found


def as_told(printed: str, lines: list[str]) -> bool:
    """Whether it printed these lines, one after the other and nothing else; `…` stands for anything."""
    pattern = "\n".join(re.escape(line).replace("…", ".*") for line in lines)
    return re.fullmatch(pattern + r"\n?", printed, re.DOTALL) is not None
