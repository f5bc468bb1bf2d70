"""Packages for tests: sound ones, and those that somebody made to do harm."""

import gzip
import io
import tarfile
from pathlib import Path
from typing import Any

import yaml

from plugins_app.packages import archive
from plugins_app.packages.archive import Built

MAIN = "print('hello')\n"


def manifest(name: str = "packed", version: str = "1.0.0", **more: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "version": version, "description": f"The plugin {name}."},
        "runtime": {"language": "python", "entrypoint": "main.py"},
        "agents": [{"slug": name}],
        **more,
    }


def folder(place: Path, told: dict[str, Any] | None = None, **files: str) -> Path:
    """A plugin's folder below `place`; `files` by name, dots written as two underscores."""
    told = told or manifest()
    made = place / f"{told['metadata']['name']}-{told['metadata']['version']}"
    made.mkdir(parents=True)
    (made / "plugin.yaml").write_text(yaml.safe_dump(told))
    (made / "main.py").write_text(MAIN)
    for name, text in files.items():
        (made / name.replace("__", ".")).write_text(text)
    return made


def built(place: Path, told: dict[str, Any] | None = None, **files: str) -> Built:
    return archive.build(folder(place, told, **files))


def entry(name: str, content: bytes = b"x", **fields: Any) -> tuple[tarfile.TarInfo, bytes]:
    told = tarfile.TarInfo(name)
    told.size = len(content)
    for key, value in fields.items():
        setattr(told, key, value)
    return told, content if told.isreg() else b""


def tarred(
    *entries: tuple[tarfile.TarInfo, bytes], told: dict[str, Any] | None = None, sound: bool = True
) -> bytes:
    """A package by hand: a sound manifest and main.py, unless `sound` is false, and these entries."""
    packed = io.BytesIO()
    text = yaml.safe_dump(told or manifest()).encode()
    first = [entry("plugin.yaml", text), entry("main.py", MAIN.encode())] if sound else []
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for info, content in [*first, *entries]:
            tar.addfile(info, io.BytesIO(content))
    return gzip.compress(packed.getvalue(), mtime=0)
