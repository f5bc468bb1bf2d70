"""`agentx plugin new`: what it makes passes its own tests and the conformance suite, and nothing is overwritten."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from agentx_site.cli import author, node_sdk
from agentx_site.cli.root import agentx
from plugins_app import manifest
from plugins_app.packages import archive
from tests import node_sdk as tested_sdk
from tests.contract.test_guide import outcomes
from tests.node_sdk import ROOT


def new(*arguments: str) -> Result:
    return CliRunner().invoke(agentx, ["plugin", "new", *arguments])


def built(folder: Path) -> bytes:
    return archive.build(folder).content


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_in_python_its_tests_pass_at_once(tmp_path):
    told = new("shout-it")
    assert told.exit_code == 0, told.output
    (command,) = (line.strip() for line in told.output.splitlines() if "unittest" in line)
    done = subprocess.run(
        command, shell=True, cwd=tmp_path / "shout-it", capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert "Ran 2 tests" in done.stderr
    assert "failed" not in outcomes(tmp_path / "shout-it").values()


@pytest.mark.network
def test_in_node_its_tests_pass_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(node_sdk, "SDK", tested_sdk.copied_to(tmp_path))
    monkeypatch.setattr(node_sdk, "fetch", lambda: None)
    told = new("shout-it", "--language", "node", "--into", "elsewhere")
    assert told.exit_code == 0, told.output
    done = tested_sdk.run(tmp_path / "elsewhere", "npm", "test")
    assert done.returncode == 0, done.stdout
    assert "failed" not in outcomes(tmp_path / "elsewhere").values()
    assert not any(
        ".agentx" in e.name for e in archive.opened(built(tmp_path / "elsewhere")).entries
    )


@pytest.mark.network
def test_npm_may_tidy_up_and_the_tests_pass_all_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(node_sdk, "SDK", tested_sdk.copied_to(tmp_path))
    monkeypatch.setattr(node_sdk, "fetch", lambda: None)
    assert new("tidy", "--language", "node").exit_code == 0
    assert tested_sdk.run(tmp_path / "tidy", "npm", "install", "--offline").returncode == 0
    (tmp_path / "tidy" / node_sdk.LINK).unlink(missing_ok=True)
    done = tested_sdk.run(tmp_path / "tidy", "npm", "test")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("language", author.languages())
def test_every_template_is_a_plugin(language, tmp_path, monkeypatch):
    monkeypatch.setattr(node_sdk, "lend", lambda folder: None)
    for framework in author.frameworks(language):
        folder = tmp_path / framework
        options = ("--language", language, "--framework", framework, "--into", str(folder))
        assert new("some-thing", *options).exit_code == 0
        told = manifest.parse(manifest.read(folder))
        assert (told.name, told.framework) == ("some-thing", framework)
        # Of ours: prompts of Semantic Kernel have `{{$text}}`.
        told = "".join(p.read_text() for p in folder.rglob("*") if p.is_file())
        assert not re.search(r"\{\{\w+\}\}", told)
        schema = (folder / "plugin.yaml").read_text().splitlines()[0].rpartition("=")[2]
        assert yaml.safe_load((folder / schema).read_text())["title"]


def test_nothing_is_overwritten(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "main.py").write_text("precious")
    told = new("mine")
    assert (told.exit_code, "main.py already: nothing was written" in told.output) == (1, True)
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["main.py"]
    assert (tmp_path / "mine" / "main.py").read_text() == "precious"


@pytest.mark.parametrize("name", ["Shout", "../up", "a b", "-a", "a" * 65, ""])
def test_a_name_that_is_none_is_refused(name, tmp_path):
    assert new("--", name).exit_code == 1
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_framework_is_answered_with_those_there_are():
    told = new("shout", "--framework", "steam")
    assert told.exit_code == 1
    assert "there are agent-framework, autogen, crewai, custom, langchain" in told.output


def test_an_application_comes_with_what_it_imports_from_beside_it(tmp_path):
    desk = ROOT / "plugins" / "langgraph" / "examples" / "shop" / "desk.py"
    told = new("refunds", "--framework", "langgraph", "--code", f"{desk}:graph")
    assert told.exit_code == 0, told.output
    folder = tmp_path / "refunds"
    assert (folder / "shop" / "orders.py").read_bytes() == desk.with_name("orders.py").read_bytes()
    assert not (folder / "app.py").exists()
    made = manifest.parse(manifest.read(folder))
    (agent,) = made.agents
    assert (agent.slug, agent.config) == ("refunds", {"code": "shop/desk.py:graph"})
    assert (made.conversation_memory, made.needs_model, made.agent_schema != {}) == (True,) * 3


def test_of_a_lonely_file_only_what_it_imports_is_taken(tmp_path):
    app = tmp_path / "mine"
    app.mkdir()
    (app / "bot.py").write_text("import json\nimport rules\n\n\ndef agent(model): ...\n")
    (app / "rules.py").write_text("from words import greeting\n")
    (app / "words.py").write_text("greeting = 'hi'\n")
    (app / "secret.py").write_text("")
    told = new("bot", "--framework", "langchain", "--code", f"{app / 'bot.py'}:agent")
    assert told.exit_code == 0, told.output
    found = {path.name for path in (tmp_path / "bot").glob("*.py")}
    assert {"bot.py", "rules.py", "words.py", "adapter.py"} <= found
    assert "secret.py" not in found


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("nowhere.py:agent", "must be a file and a name in it"),
        ("bot.py", "must be a file and a name in it"),
        ("broken.py:agent", "is not Python"),
        ("config.py:agent", "call the application's otherwise"),
    ],
)
def test_an_application_that_cannot_be_taken_is_told(code, why, tmp_path):
    for name in ("bot.py", "config.py"):
        (tmp_path / name).write_text("agent = None\n")
    (tmp_path / "broken.py").write_text("def (")
    told = new("mine", "--framework", "langchain", "--code", code)
    assert (told.exit_code, why in told.output) == (1, True), told.output
    assert not (tmp_path / "mine").exists()


def test_an_application_needs_its_framework():
    told = new("mine", "--code", "bot.py:agent")
    assert (told.exit_code, "needs the --framework" in told.output) == (1, True)


def test_a_name_that_begins_with_a_digit_is_a_class_all_the_same(tmp_path):
    assert new("3d").exit_code == 0
    compile((tmp_path / "3d" / "main.py").read_text(), "main.py", "exec")


def test_npm_that_cannot_reach_its_registry_is_told_plainly(tmp_path, monkeypatch):
    """A real npm, and a registry where nobody listens."""
    copy = tmp_path / "sdk"
    copy.mkdir()
    for name in ("package.json", "package-lock.json"):
        (copy / name).write_bytes((ROOT / "sdk" / "node" / name).read_bytes())
    away = {"npm_config_registry": "http://127.0.0.1:9/", "npm_config_cache": str(tmp_path / "c")}
    for name, value in (away | {"npm_config_fetch_retries": "0"}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(node_sdk, "SDK", copy)
    told = new("shout", "--language", "node")
    assert (told.exit_code, "npm could not fetch" in told.output) == (1, True), told.output
    assert (tmp_path / "shout" / "main.js").is_file(), sys.version
