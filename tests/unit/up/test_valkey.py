import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from agentx_site.up.valkey import Valkey


@pytest.fixture
def valkey(place: Path, runtime: Path) -> Iterator[Valkey]:
    server = Valkey(place / "a folder", runtime)
    yield server
    server.stop()


def test_it_asks_for_the_password(valkey: Valkey) -> None:
    valkey.start()
    with socket.create_connection(("127.0.0.1", valkey.port)) as stranger:
        stranger.sendall(b"PING\r\n")
        assert stranger.recv(64).startswith(b"-NOAUTH")


def test_its_url_holds_after_a_restart(valkey: Valkey) -> None:
    url = valkey.url
    valkey.start()
    valkey.stop()
    valkey.start()
    with redis.Redis.from_url(url) as client:
        assert client.ping()


def test_the_password_is_in_no_process_list(valkey: Valkey) -> None:
    valkey.start()
    assert valkey.process is not None
    command = Path(f"/proc/{valkey.process.pid}/cmdline").read_text()
    assert valkey.password not in command
    assert (valkey.runtime_dir / "valkey.conf").stat().st_mode & 0o777 == 0o600
