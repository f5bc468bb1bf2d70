"""What is run for a plugin folder: as its plugin.yaml says, else main.py."""

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

INTERPRETERS = {"node": "node", "javascript": "node"}
PYTHON_OF_ITS_OWN = (".venv/bin/python", "venv/bin/python")
MANIFEST = "plugin.yaml"


class NoPlugin(Exception):
    """The folder holds nothing that could be started; says what is missing."""


@dataclass(frozen=True)
class Program:
    """A program and what its manifest adds to its environment."""

    folder: Path
    argv: tuple[str, ...]
    manifest: Mapping[str, Any] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """`environment` of the manifest, as far as it takes nothing from outside."""
        asked = self.manifest.get("environment") or {}
        return {name: str(value) for name, value in asked.items() if "${" not in str(value)}


def program(path: Path, python: str = "") -> Program:
    """The program of a plugin's folder, or of a main.py. Raises `NoPlugin`.

    `python`: the interpreter of Python plugins; else the folder's own `.venv`, else this one.
    """
    if path.is_file():
        return Program(path.parent, (python or sys.executable, str(path)))
    manifest = read_manifest(path)
    runtime = manifest.get("runtime") or {"language": "python", "entrypoint": "main.py"}
    executable, entrypoint = runtime.get("executable"), runtime.get("entrypoint")
    first = _executable(executable, path) if executable else _interpreter(path, runtime, python)
    rest = [str(_file(path / entrypoint))] if entrypoint else []
    return Program(path, (first, *rest, *runtime.get("args", ())), manifest)


def read_manifest(folder: Path) -> dict[str, Any]:
    """The mapping in plugin.yaml; empty when there is none. Needs PyYAML. Raises `NoPlugin`."""
    path = folder / MANIFEST
    if not path.exists():
        return {}
    import yaml

    try:
        manifest = yaml.safe_load(path.read_bytes())
    except (yaml.YAMLError, ValueError) as error:
        raise NoPlugin(f"{path} is not YAML: {error}") from None
    if not isinstance(manifest, dict):
        raise NoPlugin(f"{path} must hold a mapping")
    return manifest


def _interpreter(folder: Path, runtime: Mapping[str, Any], python: str) -> str:
    language = runtime.get("language", "")
    if language == "python":
        own = next((folder / name for name in PYTHON_OF_ITS_OWN if (folder / name).exists()), None)
        return python or str(own or sys.executable)
    if language not in INTERPRETERS:
        raise NoPlugin(f"plugin.yaml needs runtime.executable: language is {language!r}")
    return _executable(INTERPRETERS[language], folder)


def _executable(name: str, folder: Path) -> str:
    path = folder / name
    if os.access(path, os.X_OK) and path.is_file():
        return str(path)
    found = shutil.which(name) if "/" not in name else None
    if found is None:
        raise NoPlugin(f"the executable {name} is not there, or cannot be run")
    return found


def _file(path: Path) -> Path:
    if not path.is_file():
        raise NoPlugin(f"{path} is not there")
    return path
