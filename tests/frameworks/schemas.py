"""The schemas of a plugin.yaml, written from the classes of its config.py.

    python -m tests.frameworks.schemas plugins/langchain …

config.py has `PluginConfig` and `AgentConfig` (its own, or those it imports from the SDK). What else
stands in plugin.yaml stays as it is.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from agentx_site.cli.yaml_blocks import replaced

ROOT = Path(__file__).parents[2]
SDK = ROOT / "sdk" / "python"
CLASSES = {"config_schema": "PluginConfig", "agent_schema": "AgentConfig"}
# In a process of its own: every plugin calls its module `config`.
TELL = f"""
import json, config
from agentx_sdk.typed import schema_of
print(json.dumps({{key: schema_of(getattr(config, name)) for key, name in {CLASSES!r}.items()}}))
"""


def folders() -> list[Path]:
    """Those of all bundled plugins around a framework that are written in Python."""
    return sorted(
        path.parent
        for path in ROOT.glob("plugins/*/config.py")
        if (path.parent / "plugin.yaml").is_file()
    )


def of_classes(folder: Path) -> dict[str, Any]:
    """The schemas that the classes of its config.py have, by their names in plugin.yaml."""
    done = subprocess.run(
        [sys.executable, "-c", TELL],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(SDK), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{folder / 'config.py'}: {done.stderr.strip()}")
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def of_manifest(folder: Path) -> dict[str, Any]:
    """The schemas that stand in its plugin.yaml."""
    told = yaml.safe_load((folder / "plugin.yaml").read_text())
    return {key: told.get(key) for key in CLASSES}


def write(folder: Path) -> bool:
    """Write them into plugin.yaml; whether anything changed."""
    file = folder / "plugin.yaml"
    before = after = file.read_text()
    for key, schema in of_classes(folder).items():
        after = replaced(after, key, schema)
    if after != before:
        file.write_text(after)
    return after != before


def main(told: list[str]) -> None:
    for folder in map(Path, told) if told else folders():
        print(f"{folder}: {'written' if write(folder) else 'unchanged'}")  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1:])
