"""The command line for packages and the registry, each command as a person runs it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pytest_django.live_server_helper import LiveServer

from plugins_app.models import Package, Plugin, PublisherKey
from plugins_app.packages import signing
from tests.factories import make_key, make_user
from tests.packing import entry, folder, manifest, tarred

pytestmark = pytest.mark.django_db(transaction=True)
Done = subprocess.CompletedProcess[str]
Run = Callable[..., Done]


def runner(place: Path, url: str = "", key: str = "") -> Run:
    """`agentx` started in `place`, with these credentials in its home."""
    home = place / f"home-{key[:14]}"
    home.mkdir(mode=0o700)
    (home / "credentials.json").write_text(json.dumps({"url": url, "api_key": key}))

    def run(*arguments: str) -> Done:
        return subprocess.run(
            [sys.executable, "-m", "agentx_site.cli", *arguments],
            capture_output=True,
            text=True,
            timeout=60,
            cwd=place,
            env=os.environ | {"AGENTX_HOME": str(home), "PYTHONPATH": str(Path.cwd())},
        )

    return run


@pytest.fixture
def cli(live_server: LiveServer, tmp_path: Path) -> Run:
    _, key = make_key(make_user("ada", "admin"), role="admin")
    return runner(tmp_path, live_server.url, key)


def said(done: Done) -> str:
    assert done.returncode == 0, done.stderr
    return done.stdout


def told(done: Done) -> Any:
    return json.loads(said(done))


def test_a_package_is_built_and_signed_without_agentx(tmp_path: Path) -> None:
    offline = runner(tmp_path)
    folder(tmp_path, manifest())
    key = said(offline("plugin", "keygen", "ada"))
    assert (tmp_path / "ada.pem").stat().st_mode & 0o777 == 0o600
    assert offline("plugin", "keygen", "ada").returncode == 1  # never written over
    made = told(offline("plugin", "build", "packed-1.0.0", "--sign-with", "ada.pem", "--json"))
    assert made["file"] == "packed-1.0.0.agentx.tar.gz"
    public = key.splitlines()[1].split()[-1]
    assert signing.verify(public, made["sha256"], made["signature"])
    beside = tmp_path / f"{made['file']}.sig"
    assert beside.read_text().strip() == made["signature"]
    beside.unlink()
    said(offline("plugin", "sign", made["file"], "ada.pem"))
    assert beside.read_text().strip() == made["signature"]

    said(offline("plugin", "publish", made["file"], "--to", "shelf"))
    (found,) = told(offline("plugin", "search", "packed", "--registry", "shelf", "--json"))
    assert (found["name"], found["version"]) == ("packed", "1.0.0")
    (tmp_path / "evil.tar.gz").write_bytes(tarred(entry("../evil")))
    evil = offline("plugin", "publish", "evil.tar.gz", "--to", "shelf")
    assert (evil.returncode, "leads out of the package" in evil.stderr) == (1, True)


def test_from_a_folder_to_the_registry_and_back(cli: Run, tmp_path: Path) -> None:
    folder(tmp_path, manifest(capabilities=["weather"]))
    said(cli("plugin", "publish", "packed-1.0.0"))
    folder(tmp_path, manifest(version="1.1.0"))
    said(cli("plugin", "publish", "packed-1.1.0"))
    (found,) = told(cli("plugin", "search", "packed", "--json"))
    assert found["version"] == "1.1.0"
    said(cli("plugin", "yank", "packed@1.1.0", "It burns."))
    said(cli("plugin", "install", "packed@^1", "--no-wait"))
    assert Plugin.objects.get().release.version == "1.0.0"
    pinned = cli("plugin", "install", "packed@1.1.0", "--no-wait")
    assert "warning: This version was yanked: It burns." in pinned.stderr
    said(cli("plugin", "unyank", "packed@1.1.0"))
    assert "★★★★" in said(cli("plugin", "rate", "packed", "4", "Warm."))
    shown = told(cli("plugin", "market", "show", "packed", "--json"))
    assert (shown["stars"], [row["version"] for row in shown["versions"]]) == (
        4.0, ["1.1.0", "1.0.0"],
    )  # fmt: skip
    text = said(cli("plugin", "market", "show", "packed"))
    assert "Warm." in text
    said(cli("plugin", "market", "download", "packed@1.0.0"))
    assert (tmp_path / "packed-1.0.0.agentx.tar.gz").exists()
    assert cli("plugin", "yank", "packed", "why").returncode == 2


def test_whose_signature_counts(cli: Run, live_server: LiveServer, tmp_path: Path) -> None:
    folder(tmp_path, manifest(trust="internal"))
    public = said(cli("plugin", "keygen", "eve")).splitlines()[1].split()[-1]
    said(cli("plugin", "build", "packed-1.0.0", "--sign-with", "eve.pem"))
    unknown = cli("plugin", "install", "packed-1.0.0.agentx.tar.gz")
    assert (unknown.returncode, "unknown here" in unknown.stderr) == (1, True)
    said(cli("plugin", "key", "add", "eve", public, "--trust", "trusted"))
    said(cli("plugin", "install", "packed-1.0.0.agentx.tar.gz", "--no-wait"))
    assert Plugin.objects.get().trust == "trusted"
    (waiting,) = told(cli("plugin", "review", "--json"))
    assert waiting["wanted_trust"] == "internal"
    own = cli("plugin", "review", "packed@1.0.0", "--approve")
    assert (own.returncode, "somebody else" in own.stderr) == (1, True)
    _, key = make_key(make_user("bob", "admin"), role="admin")
    other = runner(tmp_path, live_server.url, key)
    assert "its trust is internal" in said(other("plugin", "review", "packed@1.0.0", "--approve"))
    assert Package.objects.get().trust == "internal"
    said(cli("plugin", "key", "revoke", "eve"))
    assert PublisherKey.objects.get().revoked is not None
    assert [row["name"] for row in told(cli("plugin", "key", "list", "--json"))] == ["eve"]


def test_what_is_not_there_is_one_sentence(cli: Run, tmp_path: Path) -> None:
    for arguments in (
        ("install", "./nowhere"),
        ("install", "gone.agentx.tar.gz"),
        ("install", "nothing"),
        ("build", "."),
        ("market", "show", "nothing"),
        ("key", "revoke", "nobody"),
    ):
        done = cli("plugin", *arguments)
        assert done.returncode == 1, arguments
        assert done.stderr.startswith("agentx: "), done.stderr
        assert done.stderr.count("\n") == 1
    assert cli("plugin", "install", "x", "--config", "[]").returncode == 2
