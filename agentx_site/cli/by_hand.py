"""What runs a plugin when its author starts it by hand: as AgentX would, in the terminal."""

import json
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from agentx_site.cli import node_sdk, testing
from agentx_site.cli.errors import Failed
from plugins_app import manifest
from plugins_app.errors import InvalidManifest
from plugins_app.manifest import INTERPRETERS, PYTHON, Manifest

OWN_PYTHONS: Final = (".venv/bin/python", "venv/bin/python")
DEBUGGERS: Final = {PYTHON: ("-m", "pdb"), "node": ("--inspect-brk",)}


@dataclass(frozen=True)
class ByHand:
    """A program, ready to start in its author's own environment."""

    name: str
    argv: list[str]
    environment: dict[str, str]


def prepared(folder: Path, *, debugger: bool) -> ByHand:
    """From the folder's plugin.yaml. Raises `Failed`."""
    try:
        told = manifest.parse(manifest.read(folder))
    except InvalidManifest as invalid:
        raise Failed(invalid.message) from None
    argv = [_program(told, folder)]
    if debugger:
        argv += _debugger(told)
    if told.runtime.entrypoint:
        argv.append(str(folder / told.runtime.entrypoint))
    return ByHand(told.name, [*argv, *told.runtime.args], _environment(told))


def reattach(line: str) -> dict[str, Any] | None:
    """The line by which AgentX finds a process that was started by hand; None for any other line."""
    try:
        told = json.loads(line)
    except ValueError:
        return None
    is_one = isinstance(told, dict) and told.get("agentx") == 1 and "launch_id" in told
    return told if is_one else None


def _program(told: Manifest, folder: Path) -> str:
    runtime = told.runtime
    if runtime.language in INTERPRETERS:
        node_sdk.lend(folder)
    if runtime.executable:
        return _found(runtime.executable, folder)
    if runtime.language in INTERPRETERS:
        return _found(INTERPRETERS[runtime.language], folder)
    own = next((folder / name for name in OWN_PYTHONS if (folder / name).exists()), None)
    return str(own or testing.python_for(folder, told.requirements) or sys.executable)


def _found(name: str, folder: Path) -> str:
    if (folder / name).is_file():
        return str(folder / name)
    found = shutil.which(name)
    if found is None:
        raise Failed(f"{name} is not on this machine.")
    return found


def _debugger(told: Manifest) -> tuple[str, ...]:
    language = INTERPRETERS.get(told.runtime.language, told.runtime.language)
    if language not in DEBUGGERS or told.runtime.executable:
        raise Failed("pdb and Node's inspector are known here: start yours with your program.")
    return DEBUGGERS[language]


def _environment(told: Manifest) -> dict[str, str]:
    """The author's own, what the manifest sets without asking for more, and the SDK."""
    plain = {name: value for name, value in told.environment.items() if "${" not in value}
    path = os.pathsep.join(filter(None, (str(testing.SDK), os.environ.get("PYTHONPATH"))))
    ours = {"PYTHONPATH": path, "PYTHONUNBUFFERED": "1", "AGENTX_PLUGIN_DEBUG": "1"}
    return os.environ | plain | ours
