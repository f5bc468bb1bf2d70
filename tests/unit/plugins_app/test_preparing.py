"""What a node does to make a release ready, step by step, on a real disk with real programs."""

import asyncio
import errno
import hashlib
import json
import multiprocessing
import socket
import subprocess
import sys
import zipfile
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import psutil
import pytest

from plugins_app.errors import PreparationFailed, PreparationRefused
from plugins_app.packages import archive
from plugins_app.preparing import Order, collect, in_use, node, places, prepare, python, sweep, work
from plugins_app.preparing.collecting import Collected
from plugins_app.preparing.installer import KEPT_LINES, LONGEST, Installer
from tests.nodes import ROOT, eventually

ECHO = ROOT / "plugins" / "echo"
PINNED = "idna==3.10 \\\n    --hash=sha256:" + "0" * 64


@pytest.fixture(autouse=True)
def home(tmp_path, settings):
    settings.AGENTX_HOME = tmp_path / "home"
    return settings.AGENTX_HOME


@pytest.fixture
def heard():
    return []


@pytest.fixture
def installer(tmp_path, heard):
    folder = tmp_path / "installer"
    folder.mkdir()
    return Installer(folder, heard.append)


async def as_it_is(lock):
    return lock


def order_of(built, **fields):
    told = {"manifest": built.manifest, "digest": built.contents, "trust": "public", "lock": ""}
    return Order(release_id=uuid4(), **(told | fields))


def prepared(built, order):
    said = []
    made = asyncio.run(prepare(built.content, order, as_it_is, lambda *word: said.append(word)))
    return made, said


def plugin(tmp_path, requirements=None, manifest="", **files):
    folder = tmp_path / "plugin"
    folder.mkdir()
    text = (ECHO / "plugin.yaml").read_text() + manifest
    if requirements is None:
        text = text.replace("requirements: requirements.txt", "")
    else:
        folder.joinpath("requirements.txt").write_text(requirements)
    folder.joinpath("plugin.yaml").write_text(text)
    folder.joinpath("main.py").write_text("")
    for name, content in files.items():
        folder.joinpath(name).write_text(content)
    return folder


def run(installer, *argv, **environment):
    asyncio.run(installer.run(*argv, cwd=installer.home, **environment))


def shell(installer, script):
    run(installer, "/bin/sh", "-c", script)


def test_a_release_without_requirements_needs_no_environment(tmp_path, home):
    built = archive.build(plugin(tmp_path, "# only\nagentx-sdk>=0.1\n"))
    order = order_of(built)
    made, said = prepared(built, order)
    assert (made.path, made.environment) == (home / "releases" / str(order.release_id), "")
    assert [state for state, *_ in said] == ["unpacking", "checking"]
    assert made.path.joinpath("main.py").stat().st_mode & 0o222 == 0
    assert not list(home.rglob("*.tmp"))


def test_what_was_unpacked_before_is_taken_when_it_is_as_it_was(tmp_path):
    built = archive.build(plugin(tmp_path))
    order = order_of(built)
    made, _ = prepared(built, order)
    before = made.path.stat().st_ino
    prepared(built, order)
    assert made.path.stat().st_ino == before
    file = made.path / "main.py"
    file.chmod(0o644)
    file.write_text("import os")
    prepared(built, order)
    assert file.read_text() == ""


@pytest.mark.parametrize(
    ("requirements", "wanted"),
    [
        ("", ""),
        ("# nothing\n\n  \n", ""),
        ("agentx-sdk\n", ""),
        ("agentx_sdk[speed]>=0.1 # ours\n", ""),
        ("idna==3.10\nagentx.SDK\n", "idna==3.10"),
        (f"{PINNED}\n", PINNED),
    ],
)
def test_the_sdk_is_no_requirement(tmp_path, requirements, wanted):
    assert python.requirements(plugin(tmp_path, requirements), "requirements.txt") == wanted


def test_requirements_lie_in_the_folder(tmp_path):
    folder = plugin(tmp_path)
    with pytest.raises(PreparationFailed, match="is not in its folder"):
        python.requirements(folder, "../requirements.txt")
    with pytest.raises(PreparationFailed, match="is not in its folder"):
        python.requirements(folder, "others.txt")


def test_an_index_that_is_away_is_said_so(tmp_path, monkeypatch, home):
    """Refused at once: nobody listens on the port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    monkeypatch.setenv("UV_DEFAULT_INDEX", f"http://127.0.0.1:{port}/simple")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    built = archive.build(plugin(tmp_path, "idna==3.10\n"))
    with pytest.raises(PreparationFailed, match="The package index cannot be reached") as failure:
        prepared(built, order_of(built))
    assert any("error" in line for line in failure.value.lines)
    assert not list(home.rglob("*.tmp"))


def test_a_full_disk_is_said_so(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    built = archive.build(plugin(tmp_path))
    monkeypatch.setattr(work, "_unpacked", full)
    with pytest.raises(PreparationFailed, match="The disk is full"):
        prepared(built, order_of(built))


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("error: No space left on device (os error 28)", "The disk is full."),
        ("  Hash mismatch for `idna==3.10`", "does not have the hash that was locked"),
        ("npm error code EINTEGRITY", "does not have the hash that was locked"),
        ("cause: Because x has no usable wheels", "source only, which is built for trusted"),
        ("npm error code E404", "is not in the index"),
        ("npm error code ECONNREFUSED", "The package index cannot be reached"),
        ("what nobody foresaw", "sh ended with exit status 3."),
    ],
)
def test_a_failure_is_told_in_a_sentence(installer, said, sentence):
    with pytest.raises(PreparationFailed, match=sentence) as failure:
        shell(installer, f"echo '{said}'; exit 3")
    assert failure.value.lines == [said.strip()]


def test_warnings_of_npm_do_not_stand_where_people_look_for_progress(installer, heard):
    shell(installer, "echo 'npm warn EBADENGINE }'; echo 'npm http fetch GET 200 x'")
    assert heard == ["npm http fetch GET 200 x"]


def test_of_the_output_little_is_kept(installer, heard):
    shell(
        installer,
        "for n in $(seq 500); do echo line $n; done; head -c 100000 /dev/zero | tr '\\0' x",
    )
    assert len(heard) >= 501
    assert len(installer.lines) == KEPT_LINES
    assert max(map(len, installer.lines)) <= LONGEST


def test_an_installer_sees_nothing_of_ours(installer, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://secret@/x")
    monkeypatch.setenv("AGENTX_SECRET_KEY", "secret")
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://index.example/simple")
    run(installer, "/usr/bin/env", OWN="1")
    said = "\n".join(installer.lines)
    assert "secret" not in said
    assert f"HOME={installer.home}" in said
    assert "UV_DEFAULT_INDEX=https://index.example/simple" in said
    assert "OWN=1" in said


def test_one_that_does_not_end_is_ended_with_all_it_started(installer, settings):
    settings.PREPARATION_SECONDS = 0.5
    with pytest.raises(PreparationFailed, match=r"not done within 0.5 seconds"):
        shell(installer, "sleep 600 & echo $!; wait")
    pid = int(installer.lines[0])
    eventually(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == "zombie")


def test_a_cancelled_preparation_ends_its_installer(installer):
    async def broken_off():
        task = asyncio.create_task(
            installer.run("/bin/sh", "-c", "echo $$; sleep 600", cwd=installer.home)
        )
        while not installer.lines:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(broken_off())
    assert not psutil.pid_exists(int(installer.lines[0]))


def test_a_node_plugin_without_a_lock_may_ask_for_the_sdk_alone(tmp_path):
    package = tmp_path / "package.json"
    package.write_text(json.dumps({"dependencies": {"@agentx/sdk": "file:../sdk"}}))
    assert node._without_sdk(tmp_path) == ("", "")
    package.write_text(json.dumps({"dependencies": {"left-pad": "1.3.0"}}))
    with pytest.raises(PreparationFailed, match="asks for left-pad, and there is no package-lock"):
        node._without_sdk(tmp_path)


def test_the_sdk_is_taken_out_of_a_lock_with_all_below_it(tmp_path):
    needs = {"dependencies": {"@agentx/sdk": "file:../sdk", "left-pad": "1.3.0"}}
    (tmp_path / "package.json").write_text(json.dumps(needs))
    packages = {
        "": {**needs, "devDependencies": {"typescript": "5"}},
        "../sdk": {"name": "@agentx/sdk"},
        "node_modules/@agentx/sdk": {"resolved": "../sdk", "link": True},
        "node_modules/@agentx/sdk/node_modules/yaml": {"version": "2"},
        "node_modules/left-pad": {"version": "1.3.0"},
        "node_modules/typescript": {"version": "5", "dev": True},
    }
    (tmp_path / "package-lock.json").write_text(json.dumps({"packages": packages}))
    manifest, lock = map(json.loads, node._without_sdk(tmp_path))
    assert manifest == {"dependencies": {"left-pad": "1.3.0"}}
    assert lock["packages"].keys() == {"", "node_modules/left-pad"}
    assert lock["packages"][""]["dependencies"] == {"left-pad": "1.3.0"}


def test_what_nothing_refers_to_is_removed(home):
    kept, gone = places.releases() / str(uuid4()), places.releases() / str(uuid4())
    held, unheld = places.environments() / "held", places.environments() / "unheld"
    linked = places.environments() / "linked"
    for folder in (kept, gone, held, unheld, linked / "node_modules"):
        folder.mkdir(parents=True)
    node.link(kept, linked)
    (gone / "file").touch(0o444)
    gone.chmod(0o555)
    Path(f"{gone}.index").touch()
    assert sorted(collect([kept.name], [str(held)]).taken) == sorted([gone.name, "unheld"])
    assert {path.name for path in places.environments().iterdir()} == {"held", "linked"}
    assert [path.name for path in places.releases().iterdir()] == [kept.name]


def test_what_a_process_uses_is_not(home):
    release, environment = places.releases() / "used", places.environments() / "used"
    for folder in (release, environment):
        folder.mkdir()
    child = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(60)", f"{environment}/bin/x"], cwd=release
    )
    try:
        eventually(lambda: in_use() == {str(release), str(environment)})
        assert collect([], []) == Collected([], ["used", "used"])
    finally:
        child.kill()
        child.wait()
    assert collect([], []) == Collected(["used", "used"], [])


def test_who_is_killed_while_removing_leaves_nothing_that_looks_whole(home):
    programs = places.environments() / "large" / "bin"
    programs.mkdir(parents=True)
    for number in range(20_000):
        (programs / str(number)).touch()

    def is_whole():
        with suppress(FileNotFoundError):
            return programs.stat().st_mtime_ns == made
        return False

    made = programs.stat().st_mtime_ns
    child = multiprocessing.get_context("fork").Process(target=collect, args=([], []))
    child.start()
    while is_whole():
        assert child.is_alive() or not is_whole()
    child.kill()
    child.join()
    assert not programs.parent.exists()
    sweep()
    assert list(places.environments().iterdir()) == []


def test_who_prepares_and_who_removes_wait_for_each_other(home):
    """Whichever process of this machine they are in."""
    half = places.draft("half")

    async def meet():
        async with places.reserved(), places.reserved():
            with places.alone() as nobody_prepares:
                assert not nobody_prepares
            sweep()
            assert half.is_dir()
        with places.alone() as nobody_prepares:
            assert nobody_prepares
            waiting = asyncio.create_task(reserve())
            await asyncio.sleep(0)
            assert not waiting.done()
        await waiting

    async def reserve():
        async with places.reserved():
            pass

    asyncio.run(meet())


def test_a_sweep_takes_what_is_half_made_and_leaves_the_rest(home):
    whole = places.environments() / "whole"
    whole.mkdir()
    (places.draft("half") / "file").touch()
    (places.releases() / "half.tmp").mkdir()
    sweep()
    assert [path.name for path in places.environments().iterdir()] == ["whole"]
    assert list(places.releases().iterdir()) == []


def test_of_two_that_make_the_same_one_wins(home):
    one, other = places.draft("same"), places.draft("same")
    (one / "file").touch()
    final = places.environments() / "same"
    places.settle(one, final)
    places.settle(other, final)
    assert [path.name for path in places.environments().iterdir()] == ["same"]
    assert (final / "file").exists()


def wheel(folder, marker):
    """One whose .pth file runs with every start of the Python that it is installed for."""
    files = {
        "sly.pth": f"import pathlib; pathlib.Path({str(marker)!r}).touch()\n",
        "sly.py": "x = 1\n",
        "sly-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: sly\nVersion: 1.0\n",
        "sly-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    path = folder / "sly-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as packed:
        for name, text in files.items():
            packed.writestr(name, text)
        record = "".join(f"{name},,\n" for name in files)
        packed.writestr("sly-1.0.dist-info/RECORD", f"{record}sly-1.0.dist-info/RECORD,,\n")
    return f"sly==1.0 --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


def test_nothing_of_a_wheel_runs_while_it_is_installed(tmp_path, monkeypatch, installer):
    """Its Python is started for the first time within the plugin's walls."""
    lock, made = wheel(tmp_path, tmp_path / "it-ran"), places.draft("sly")
    monkeypatch.setenv("UV_FIND_LINKS", str(tmp_path))
    monkeypatch.setenv("UV_NO_INDEX", "1")
    asyncio.run(python._make(made, lock, ["--only-binary", ":all:"], installer))
    assert list(made.glob("lib/python3*/site-packages/__pycache__/sly.*.pyc"))
    assert not (tmp_path / "it-ran").exists()
    subprocess.run([made / "bin" / "python", "-c", ""], check=True)
    assert (tmp_path / "it-ran").exists()


@pytest.mark.network
def test_what_its_author_locked_is_installed_to_the_letter(tmp_path):
    """The hash is wrong, so nothing is installed, however right the index is."""
    built = archive.build(plugin(tmp_path, PINNED + "\n"))
    with pytest.raises(PreparationFailed, match="does not have the hash that was locked"):
        prepared(built, order_of(built))


@pytest.mark.network
@pytest.mark.parametrize(
    "line",
    [
        "-r ../../secret_key",
        "--requirement=/etc/passwd",
        "-c ../../secret_key",
        "--index-url http://127.0.0.1:1/simple",
        "-e .",
        "./here.whl",
        "../secret_key",
        "idna @ file:///etc/passwd",
        "idna @ http://169.254.169.254/idna-1-py3-none-any.whl",
        "idna @ https://example.org/${UV_INDEX_PASSWORD}.whl",
        "idna==3.10 --hash=sha256:00 -r x",
        "idna \\\n -r ../../secret_key",
        "idna\f-r x",
    ],
)
def test_requirements_of_strangers_name_packages_and_nothing_else(tmp_path, line):
    """An installer works outside of a plugin's walls: what it is told must not read this machine's files."""
    built = archive.build(plugin(tmp_path, requirements=f"idna==3.10\n{line}\n"))
    with pytest.raises(PreparationRefused, match="only trusted plugins may"):
        prepared(built, order_of(built))


@pytest.mark.parametrize(
    "line", ["idna", "Idna[a,b] >=3, <4 ; python_version < '4'", PINNED, "idna==3.10 # as it was"]
)
def test_names_versions_and_hashes_are_what_they_may_name(line):
    python.require_names("\n".join(python._blocks(line)))


@pytest.mark.parametrize(
    "facts",
    [
        {"resolved": "git+ssh://git@example.org/x.git#1", "integrity": "sha512-x"},
        {"resolved": "../../../secret", "link": True},
        {"resolved": "file:../../secret_key.tgz", "integrity": "sha512-x"},
        {"resolved": "http://169.254.169.254/x.tgz", "integrity": "sha512-x"},
        {"resolved": "https://registry.example.org/x.tgz"},
        {"integrity": "sha512-x", "dependencies": {"y": "git+ssh://git@example.org/y.git"}},
        {"integrity": "sha512-x", "dependencies": {"y": "someone/repository"}},
    ],
)
def test_a_strangers_lock_takes_from_registries_alone(tmp_path, facts, installer):
    folder = tmp_path / "one"
    folder.mkdir()
    (folder / "package.json").write_text(json.dumps({"dependencies": {"x": "1"}}))
    lock = {"lockfileVersion": 3, "packages": {"": {}, "node_modules/x": facts}}
    (folder / "package-lock.json").write_text(json.dumps(lock))
    with pytest.raises(PreparationFailed, match="only trusted plugins may"):
        asyncio.run(node.environment(folder, scripts=False, installer=installer))


def test_source_is_built_for_trusted_plugins_alone(tmp_path):
    built = archive.build(plugin(tmp_path, "docopt==0.6.2\n"))
    with pytest.raises(PreparationFailed, match="source only"):
        prepared(built, order_of(built))
