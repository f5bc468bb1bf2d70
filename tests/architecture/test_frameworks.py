"""Plugins around a framework have the same parts, and each knows its framework, the SDK and nothing else."""

import ast
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.architecture.test_house import ROOT, imported

PLUGINS = ROOT / "plugins"
PARTS = {"README.md", "plugin.yaml", "examples", "tests"}
PYTHON = {"main.py", "config.py", "adapter.py", "convert.py", "requirements.in", "requirements.txt"}
NODE = {"main.js", "config.js", "adapter.js", "convert.js", "package.json", "package-lock.json"}
SAME = {
    "kind": "llm",
    "trust": "trusted",
    "conversation_memory": True,
    "needs_model": True,
    "autostart": False,
}
KEPT_OUT = ("tests", "examples", "node_modules", "__pycache__")
folders = [
    path.parent
    for path in sorted(PLUGINS.glob("*/plugin.yaml"))
    if "needs_model: true" in path.read_text()
]
python = [folder for folder in folders if (folder / "main.py").is_file()]
node = [folder for folder in folders if (folder / "main.js").is_file()]
named = {"ids": lambda folder: folder.name}


def manifest(folder: Path) -> dict[str, Any]:
    return dict(yaml.safe_load((folder / "plugin.yaml").read_text()))


def own(folder: Path, ending: str) -> list[Path]:
    """What runs in the plugin."""
    return [path for path in sorted(folder.rglob(f"*.{ending}")) if not {*KEPT_OUT} & {*path.parts}]


def test_there_are_seven():
    assert (len(folders), len(python), len(node)) == (7, 6, 1)


@pytest.mark.parametrize("folder", folders, **named)
def test_each_has_the_same_parts(folder):
    wanted = PARTS | (PYTHON if folder in python else NODE)
    assert sorted(wanted - {path.name for path in folder.iterdir()}) == []
    told = manifest(folder)
    assert {key: told.get(key) for key in SAME} == SAME
    assert told["framework"] == told["metadata"]["name"] == folder.name.replace("_", "-")
    assert told["agents"][0]["slug"] == told["metadata"]["name"]


def is_required(folder: Path, name: str) -> bool:
    """`langchain-core` is imported as langchain_core, `agent-framework-core` as agent_framework."""
    lines = (folder / "requirements.in").read_text().splitlines()
    wanted = {re.split(r"[\[=<>~! ]", line)[0].replace("-", "_") for line in lines}
    return any(each == name or each.startswith(f"{name}_") for each in wanted)


@pytest.mark.parametrize("folder", python, **named)
def test_each_imports_its_framework_and_the_sdk(folder):
    """And what every framework brings along: openai's client, and pydantic, in which they say their classes."""
    siblings = {path.stem for path in own(folder, "py")}
    known = {*siblings, *sys.stdlib_module_names, "agentx_sdk", "openai", "pydantic"}
    for path in own(folder, "py"):
        names = {name.split(".")[0] for name in imported(path)} - known
        assert [name for name in sorted(names) if not is_required(folder, name)] == [], path


@pytest.mark.parametrize("folder", python, **named)
def test_its_configuration_is_read_without_the_framework(folder):
    names = {name.split(".")[0] for name in imported(folder / "config.py")}
    assert names <= {"agentx_sdk", *sys.stdlib_module_names}


@pytest.mark.parametrize("folder", node, **named)
def test_a_node_plugin_imports_its_packages_and_the_sdk(folder):
    packages = json.loads((folder / "package.json").read_text())["dependencies"]
    for path in own(folder, "js"):
        for name in re.findall(
            r"""^(?:import|export)\b[^"'=(]*["']([^"']+)["']""", path.read_text(), re.M
        ):
            package = "/".join(name.split("/")[: 2 if name[0] == "@" else 1])
            assert (
                name[0] == "." or name.startswith("node:") or package in {*packages, "@agentx/sdk"}
            ), path


def told_in_python(folder: Path) -> dict[str, Any]:
    """What the class of the adapter says of itself in constants."""
    (adapter,) = (
        node
        for node in ast.parse((folder / "adapter.py").read_text()).body
        if isinstance(node, ast.ClassDef) and node.name == "Plugin"
    )
    return {
        target.id: ast.literal_eval(node.value)
        for node in adapter.body
        if isinstance(node, ast.Assign) and not isinstance(node.value, ast.Name)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def told_in_node(folder: Path) -> dict[str, Any]:
    found = re.findall(
        r"^  (\w+) = (\"[^\"]*\"|\[.*\]);$", (folder / "adapter.js").read_text(), re.M
    )
    return {name: json.loads(value) for name, value in found}


@pytest.mark.parametrize("folder", folders, **named)
def test_the_process_says_what_its_manifest_says(folder):
    told = told_in_python(folder) if folder in python else told_in_node(folder)
    of = manifest(folder)
    assert told["version"] == of["metadata"]["version"]
    assert told["framework"] == of["framework"]
    assert sorted(told["capabilities"]) == sorted(of["capabilities"])
    modes = told.get("input_modes") or told["inputModes"]
    assert ("images" in told["capabilities"]) == ("image/*" in modes)
