"""What `agentx up` prints: log lines, refusals, the box, the line to paste."""

import io
import json
import os
import shlex
import socket
import sys
from pathlib import Path

import pytest
from rich.console import Console

from agentx_site.up import announce, bootstrap, ports
from agentx_site.up.child import Program
from agentx_site.up.errors import UpError
from agentx_site.up.home import Home
from agentx_site.up.logs import Terminal, readable
from agentx_site.up.options import parse
from agentx_site.up.plan import Site
from agentx_site.up.probes import runs


def test_a_log_record_reads_like_a_sentence() -> None:
    record = {"time": "t", "level": "error", "logger": "x", "message": "no [luck]", "task": 7}
    assert readable(json.dumps(record)).plain == "no [luck]  task=7"
    assert readable("plain [bold]text").plain == "plain [bold]text"
    assert readable('{"half').plain == '{"half'


def test_a_closed_terminal_ends_nothing() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w", buffering=1) as gone:
        terminal = Terminal(Console(file=gone))
        terminal.say("hello")
        terminal.say("hello")
        assert not terminal.is_open


def test_a_taken_port_is_named_with_its_option() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UpError, match=f"Port {port} on 127.0.0.1 is taken: .* --grpc-port"):
            ports.check("127.0.0.1", port, "--grpc-port")


def test_a_strange_host_is_named() -> None:
    with pytest.raises(UpError, match=r"192\.0\.2\.1 is no address of this machine"):
        ports.check("192.0.2.1", 0, "--port")


def site(tmp_path: Path) -> Site:
    options = parse(["--home", str(tmp_path), "--host", "0.0.0.0"], {})
    return Site(options, 8000, 50051, 3, tmp_path, None, None, tmp_path / "secret_key")


def test_the_line_to_paste_is_one_line_and_whole(tmp_path: Path) -> None:
    written, key = io.StringIO(), "agx_" + "k" * 60
    terminal = Terminal(Console(file=written, width=60))
    outcome = bootstrap.Outcome(first_run=True, password="pass'word", api_key=key)
    announce.ready(terminal, Home(tmp_path), site(tmp_path), outcome, 1.0)
    line = next(line for line in written.getvalue().splitlines() if line.startswith("curl"))
    words = shlex.split(line)
    assert words[2] == "http://127.0.0.1:8000/a2a/echo/"
    assert f"Authorization: Bearer {key}" in words
    assert json.loads(words[-1])["params"]["message"]["parts"] == [{"text": "hello"}]


def test_later_runs_keep_the_secrets_of_the_first(tmp_path: Path) -> None:
    home = Home(tmp_path)
    announce.keep_credentials(home, site(tmp_path), bootstrap.Outcome(True, "secret", "key"))
    announce.keep_credentials(home, site(tmp_path), bootstrap.Outcome(False, None, None))
    kept = json.loads(home.credentials_file.read_text())
    assert kept == {
        "url": "http://127.0.0.1:8000",
        "grpc": "127.0.0.1:50051",
        "username": "admin",
        "password": "secret",
        "api_key": "key",
    }
    assert home.credentials_file.stat().st_mode & 0o777 == 0o600


def script(code: str) -> Program:
    return Program("bootstrap", lambda: [sys.executable, "-c", code], runs, os.environ)


@pytest.mark.asyncio
async def test_bootstrap_tells_the_first_run() -> None:
    code = """print('noise'); print('{"first_run": true, "password": "p", "api_key": null}')"""
    outcome = await bootstrap.run(script(code), Terminal(Console(file=io.StringIO())))
    assert outcome == bootstrap.Outcome(True, "p", None)


@pytest.mark.asyncio
@pytest.mark.parametrize(("status", "ours"), [(1, 1), (2, 2), (7, 1)])
async def test_a_failed_bootstrap_is_told_in_its_own_words(status: int, ours: int) -> None:
    code = f"import sys; print('Too old a database.', file=sys.stderr); sys.exit({status})"
    with pytest.raises(UpError, match="Too old a database") as refusal:
        await bootstrap.run(script(code), Terminal(Console(file=io.StringIO())))
    assert refusal.value.status == ours
