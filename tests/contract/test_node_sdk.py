"""The Node SDK: its own tests, its types, its copy of the contract, and a plugin made with it."""

import filecmp
import inspect
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from agentx_sdk import (
    Adapter,
    Agent,
    Memory,
    Model,
    State,
    StateEntry,
    TaskFailed,
    Tool,
    ToolCall,
    ToolResult,
    Turn,
    Usage,
)
from agentx_sdk.llm import AgentConfig, MemberConfig, PluginConfig
from agentx_sdk.testing import Answer, PluginProcess
from agentx_sdk.typed import schema_of

from tests import node_sdk
from tests.node_sdk import ROOT, SDK

pytestmark = [pytest.mark.network, pytest.mark.xdist_group("node")]


@pytest.fixture(scope="module")
def sdk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return node_sdk.copied_to(tmp_path_factory.mktemp("node"))


def test_its_own_tests_pass(sdk):
    done = node_sdk.run(sdk, "npm", "test", seconds=200)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    (count,) = re.findall(r"\S pass (\d+)", done.stdout)
    assert int(count) > 50


def test_its_types_are_those_of_its_code(sdk, tmp_path):
    done = node_sdk.run(sdk, "npx", "tsc", "-p", "tsconfig.json", "--outDir", str(tmp_path))
    assert done.returncode == 0, done.stdout
    made = {path.relative_to(tmp_path) for path in tmp_path.rglob("*.d.ts")}
    assert made == {path.relative_to(SDK / "types") for path in (SDK / "types").rglob("*.d.ts")}
    _, different, missing = filecmp.cmpfiles(tmp_path, SDK / "types", map(str, made), shallow=False)
    assert (different, missing) == ([], []), "run `npm run types` in sdk/node"


def test_an_author_of_typescript_is_helped_and_warned(sdk, tmp_path):
    node_sdk.lend(sdk, tmp_path)
    (tmp_path / "main.ts").write_text(
        'import { Adapter, Artifact, type Turn, run } from "@agentx/sdk";\n'
        "class Shout extends Adapter {\n"
        '  override version = "1";\n'
        "  override async process(turn: Turn) { return new Artifact(turn.text.toUpperCase()); }\n"
        "}\n"
        "run(new Shout());\n"
    )
    flags = ("--noEmit", "--strict", "--module", "nodenext", "--target", "es2022", "--skipLibCheck")
    check = (str(sdk / "node_modules" / ".bin" / "tsc"), *flags, "main.ts")
    done = node_sdk.run(tmp_path, *check)
    assert done.returncode == 0, done.stdout
    wrong = (tmp_path / "main.ts").read_text().replace("turn.text.", "turn.words.")
    (tmp_path / "main.ts").write_text(wrong)
    assert "Property 'words' does not exist on type 'Turn'" in node_sdk.run(tmp_path, *check).stdout


def test_its_copy_of_the_contract_is_the_contract():
    for name in ("agentx_plugin.proto", "plugin_home.proto"):
        ours = (SDK / "proto" / name).read_text()
        assert ours == (ROOT / "proto" / name).read_text(), "copy it to sdk/node/proto"


def test_it_speaks_the_contracts_that_the_python_sdk_speaks():
    python = (ROOT / "sdk" / "python" / "agentx_sdk" / "version.py").read_text()
    node = (SDK / "src" / "version.js").read_text()
    pattern = r"CONTRACTS = (?:Object\.freeze\()?[\[(]([\d, ]*?),?[\])]"
    assert re.findall(pattern, python) == re.findall(pattern, node)


def test_both_sdks_export_the_same_names():
    python = set(
        re.findall(
            r'^    "(\w+)",$', (ROOT / "sdk/python/agentx_sdk/__init__.py").read_text(), re.M
        )
    )
    node = {name.strip() for name in _exports().split(",")} - {""}
    assert python - node == {"Field", "Secret"}  # annotations: JSON Schema says it in Node
    assert node - python == {"Logger"}  # `logging` does it in Python


# What one of the two has and the other cannot, or needs not.
ONLY_IN_PYTHON = {
    Adapter: {"Config", "AgentConfig"},  # classes: JSON Schema says it in Node
    Agent: {"raw"},  # a typed configuration's own mapping
    Tool: {"call"},  # checks the arguments; in Node the adapter does
    # What the conformance suite takes hold of, which is written in Python.
    PluginProcess: {"config", "connect", "channel", "credentials", "stub", "setUp"}
    | {"program", "environment", "workDir", "spawn", "say", "returncode"},
}
ONLY_IN_NODE = {
    Adapter: {"configSchema", "agentConfigSchema", "allSecretFields", "checkConfig"},
    Turn: {"signal", "orCancelled"},  # AbortSignal; Python cancels the coroutine
    Answer: {"events"},  # in Python it is the list of them
    PluginProcess: {"start", "options", "launched"},  # `async with` does it in Python
}


SAME = [Adapter, Agent, Answer, Memory, Model, PluginProcess, State, StateEntry, TaskFailed]
SAME += [Tool, ToolCall, ToolResult, Turn, Usage]


@pytest.mark.parametrize("names", SAME)
def test_both_sdks_have_the_same_members(names):
    python, node = _members(names), set()
    for name in [each.__name__ for each in names.__mro__]:
        node |= _typed(name)
    assert python - node == ONLY_IN_PYTHON.get(names, set())
    assert node - python == ONLY_IN_NODE.get(names, set())


def test_both_sdks_read_each_others_memories(sdk, tmp_path):
    told = {"words": "é " * 5000, "nested": [{"a": None}, 1.5, True], "": "", "😀": "\ud7ff"}
    python = Memory()
    python.update(told)
    (tmp_path / "python").write_bytes(python.encoded() or b"")
    code = (
        'import fs from "node:fs";\n'
        f'import {{ Memory }} from "{sdk}/src/index.js";\n'
        'const memory = new Memory(fs.readFileSync("python")).set("more", 1);\n'
        'fs.writeFileSync("node", memory.encoded());\n'
        'fs.writeFileSync("small", new Memory().set("é", [1, "x"]).encoded());\n'
    )
    done = node_sdk.run(tmp_path, "node", "--input-type=module", "-e", code)
    assert done.returncode == 0, done.stderr
    assert Memory((tmp_path / "node").read_bytes()) == {**told, "more": 1}
    small = Memory()
    small["é"] = [1, "x"]
    assert (tmp_path / "small").read_bytes() == small.encoded()


def _members(names: type) -> set[str]:
    ours = [each for each in names.__mro__ if each.__module__.startswith("agentx_sdk")]
    made = [re.findall(r"self\.(\w+)(?:: [^=]+)? = ", inspect.getsource(each)) for each in ours]
    told = {name for each in ours for name in [*vars(each), *each.__annotations__]}.union(*made)
    return {_camel(name) for name in told if not name.startswith("_")}


def _camel(name: str) -> str:
    return re.sub(r"_(\w)", lambda found: found[1].upper(), name)


def _typed(name: str) -> set[str]:
    """What a class has by its TypeScript types, without its constructor."""
    texts = [path.read_text() for path in (SDK / "types").rglob("*.d.ts")]
    bodies = re.findall(rf"^export class {name}\b.*?\{{\n(.*?)^\}}", "".join(texts), re.M | re.S)
    found = re.findall(
        r"^    (?:static |readonly |get |set )*(\w+)[?]?[(:<]", "".join(bodies), re.M
    )
    return set(found) - {"constructor"}


def _exports() -> str:
    return ",".join(re.findall(r"export \{([^}]*)\}", (SDK / "src" / "index.js").read_text()))


def test_echo_in_node_passes_its_tests_and_the_conformance_suite(sdk, tmp_path):
    echo = tmp_path / "echo_node"
    shutil.copytree(ROOT / "plugins" / "echo_node", echo, ignore=node_sdk.MADE)
    node_sdk.lend(sdk, echo)
    done = node_sdk.run(echo, "npm", "test")
    assert done.returncode == 0, done.stdout[-6000:]
    report = conformance(echo)
    assert report.returncode == 0, report.stdout


def conformance(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "agentx_sdk.conformance", str(folder), "-v"],
        env=os.environ | {"PYTHONPATH": str(ROOT / "sdk" / "python")},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


# How each names its own functions.
SAID_IN_PYTHON = {
    "package.module:name or folder/file.py": "folder/file.js",
    "a Python function": "a function",
}


def test_both_kits_take_the_same_configuration(sdk):
    code = (
        f'import {{ agentSchema, memberSchema, pluginSchema }} from "{sdk}/src/llm/index.js";\n'
        "console.log(JSON.stringify([agentSchema(), pluginSchema(), memberSchema()]));\n"
    )
    done = node_sdk.run(sdk, "node", "--input-type=module", "-e", code)
    told = done.stdout.replace("name, or package:name", "name")
    python = json.dumps([schema_of(each) for each in (AgentConfig, PluginConfig, MemberConfig)])
    for words, in_node in SAID_IN_PYTHON.items():
        python = python.replace(words, in_node)
    assert _shape(json.loads(told)) == _shape(json.loads(python))


def _shape(schema: Any) -> Any:
    """Without examples, and without defaults that say nothing."""
    if isinstance(schema, list):
        return [_shape(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: _shape(value) for key, value in schema.items() if key != "examples"}
    if isinstance(kept.get("default"), dict):
        kept["default"] = {
            key: value for key, value in kept["default"].items() if value not in ("", None)
        }
    return kept
