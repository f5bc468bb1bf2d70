import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from agentx_site.up import postgres as module
from agentx_site.up.errors import UpError
from agentx_site.up.postgres import Postgres
from agentx_site.up.runtime import is_alive

FAST = {"fsync": "off"}
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives a server another user")


@pytest.fixture
def postgres(place: Path, runtime: Path) -> Iterator[Postgres]:
    server = Postgres(place / "postgres", runtime, FAST)
    yield server
    server.stop()


def rows(server: Postgres) -> int:
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("create table if not exists kept (n int)")
        connection.execute("insert into kept values (1)")
        found = connection.execute("select count(*) from kept").fetchone()
    assert found is not None
    return int(found[0])


def test_it_serves_a_durable_database_on_a_private_socket(place: Path, runtime: Path) -> None:
    durable = Postgres(place / "postgres", runtime)
    durable.start()
    try:
        with psycopg.connect(durable.url) as connection:
            assert connection.execute("show fsync").fetchone() == ("on",)
            assert connection.execute("show listen_addresses").fetchone() == ("",)
        assert durable.socket_dir.stat().st_mode & 0o777 == 0o700
    finally:
        durable.stop()


def test_rows_outlive_a_kill(postgres: Postgres) -> None:
    postgres.start()
    assert rows(postgres) == 1
    assert postgres.process is not None
    postgres.process.kill()
    postgres.process.wait()
    postgres.start()
    assert rows(postgres) == 2


RUN_AND_BE_KILLED = """
import os, sys
from pathlib import Path
from agentx_site.up.postgres import Postgres
server = Postgres(Path(sys.argv[1]), Path(sys.argv[2]), {"fsync": "off"})
server.start()
print(server.process.pid, flush=True)
os.kill(os.getpid(), 9)
"""


def test_it_ends_with_whoever_started_it_and_the_next_run_waits(
    postgres: Postgres, place: Path, runtime: Path
) -> None:
    command = [sys.executable, "-c", RUN_AND_BE_KILLED, str(place / "postgres"), str(runtime)]
    killed = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    assert killed.returncode == -signal.SIGKILL
    postgres.start()
    assert rows(postgres) == 1
    assert not is_alive(int(killed.stdout))


def test_a_database_of_another_version_is_named(postgres: Postgres) -> None:
    postgres.data_dir.mkdir()
    os.chown(postgres.data_dir, postgres.account.uid, postgres.account.gid)
    (postgres.data_dir / "PG_VERSION").write_text("15\n")
    with pytest.raises(UpError, match=r"made by Postgres 15 and this AgentX runs 18") as refusal:
        postgres.start()
    assert refusal.value.status == 1


def test_a_folder_that_is_no_database_is_left_alone(postgres: Postgres) -> None:
    postgres.data_dir.mkdir()
    os.chown(postgres.data_dir, postgres.account.uid, postgres.account.gid)
    (postgres.data_dir / "letter.txt").write_text("mine")
    with pytest.raises(UpError, match="is no database"):
        postgres.start()
    assert (postgres.data_dir / "letter.txt").read_text() == "mine"


def test_a_damaged_database_is_told_in_its_own_words(postgres: Postgres) -> None:
    postgres.prepare()
    (postgres.data_dir / "global" / "pg_control").write_bytes(b"")
    with pytest.raises(
        UpError, match=r"Postgres did not start on .*postgres: could not .*pg_control"
    ):
        postgres.start()


def test_a_half_made_database_is_made_again(postgres: Postgres) -> None:
    half = postgres.data_dir.with_name("postgres.new")
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    postgres.start()
    assert rows(postgres) == 1


def test_a_running_server_is_not_started_twice(
    postgres: Postgres, place: Path, runtime: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    postgres.start()
    monkeypatch.setattr(module, "READY_WITHIN", 0.1)
    with pytest.raises(UpError, match="already serves"):
        Postgres(place / "postgres", runtime).start()


@as_root
def test_a_closed_home_stays_closed_and_the_data_goes_elsewhere(
    place: Path, runtime: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SYSTEM_DIR", place / "system")
    home = place / "home"
    home.mkdir(mode=0o700)
    servers = [Postgres(home / "postgres", runtime, FAST) for _ in range(2)]
    assert servers[0].moved
    assert servers[0].data_dir == servers[1].data_dir
    servers[0].start()
    try:
        assert rows(servers[0]) == 1
    finally:
        servers[0].stop()
    assert home.stat().st_mode & 0o777 == 0o700
    assert not (home / "postgres").exists()


@as_root
def test_programs_out_of_reach_are_copied_once(
    place: Path, runtime: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SYSTEM_DIR", place / "system")
    package = module._binaries(module.Account.unprivileged()).parents[1]
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    for name in (package.name, f"{package.name}.libs"):
        shutil.copytree(package.parent / name, closed / name, symlinks=True)
    monkeypatch.setattr(module, "find_spec", lambda name: _Spec(closed / package.name))
    server = Postgres(place / "postgres", runtime, FAST)
    server.start()
    try:
        assert rows(server) == 1
        assert server.argv[0].startswith(str(place / "system"))
    finally:
        server.stop()


class _Spec:
    def __init__(self, package: Path) -> None:
        self.origin = str(package / "__init__.py")


def test_it_stops_at_once(postgres: Postgres) -> None:
    postgres.start()
    began = time.monotonic()
    postgres.stop()
    assert time.monotonic() - began < 3
