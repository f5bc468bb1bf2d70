"""`agentx plugin test`: what it says, and its exit status."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
COMPLETE = ROOT / "tests" / "contract" / "plugins" / "complete"


def agentx(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "agentx_site.cli", "plugin", "test", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_plugin_that_conforms():
    done = agentx(str(COMPLETE), "--only", "start.manifest", "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["passed"], told["plugin"]) == (0, True, "complete")
    (check,) = told["checks"]
    assert (check["id"], check["rule"], check["outcome"]) == ("start.manifest", "2.10", "passed")


def test_one_that_does_not(tmp_path):
    folder = tmp_path / "complete"
    shutil.copytree(COMPLETE, folder)
    main = folder / "main.py"
    main.write_text(main.read_text().replace('version = "1.0"', 'version = "2.0"'))
    done = agentx(str(folder), "--only", "start.manifest")
    assert done.returncode == 1
    assert "FAILED   2.10" in done.stdout
    assert "the version is '2.0', not '1.0'" in done.stdout
    assert "complete does not conform" in done.stdout


@pytest.mark.parametrize(
    ("manifest", "told"),
    [
        (None, "plugin.yaml"),
        ("metadata: {}\n", "line 1, column 1: metadata.name is missing"),
        ("a: [", "is not YAML: line 1"),
    ],
)
def test_what_is_no_plugin(tmp_path, manifest, told):
    if manifest is not None:
        (tmp_path / "plugin.yaml").write_text(manifest)
    done = agentx(str(tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_check_and_a_case_that_is_none(tmp_path):
    assert agentx(str(COMPLETE), "--only", "nothing").returncode == 2
    folder = tmp_path / "complete"
    shutil.copytree(COMPLETE, folder)
    (folder / "tests" / "conformance.yaml").write_text("slo: {text: x}\n")
    done = agentx(str(folder))
    assert done.returncode == 2
    assert "slo is no case" in done.stderr


def test_what_is_checked_is_listed_with_its_rule():
    done = agentx("--list")
    page = (ROOT / "docs" / "reference" / "plugin-protocol.md").read_text()
    assert done.returncode == 0
    for line in done.stdout.splitlines():
        part, _, rule = line.split()[0].partition(".")
        section = page.partition(f"\n## {part}. ")[2].partition("\n## ")[0]
        has_rule = f"\n{rule}. " in section
        assert has_rule, line
