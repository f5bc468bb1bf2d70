"""`agentx up` from the outside, on a machine that has nothing."""

import json
import os
import signal
import time
import urllib.request
from collections.abc import Iterator

import pytest

from tests.flow.installation import Installation, lives, pasted, refused

LEASE = 20.0  # seconds that a plugin process may outlive a killed installation


@pytest.fixture(scope="module")
def site() -> Iterator[Installation]:
    """One installation that the tests of this file use in the order they stand."""
    installation = Installation()
    yield installation
    installation.remove()


def send(site: Installation, text: str) -> str:
    message = {"messageId": text, "role": "ROLE_USER", "parts": [{"text": text}]}
    task_id: str = site.call("SendMessage", message=message)["task"]["id"]
    return task_id


def test_the_first_run_answers_what_its_box_says_to_paste(site: Installation) -> None:
    site.start()
    task = pasted(site.said)["result"]["task"]
    assert task["status"]["state"] == "TASK_STATE_COMPLETED"
    assert (site.home / "credentials.json").stat().st_mode & 0o777 == 0o600
    with urllib.request.urlopen(site.run["url"] + "/health", timeout=5) as answer:
        assert answer.status == 200


def test_the_demo_model_answers_and_comes_back_at_its_address(site: Installation) -> None:
    url = site.run["demo_model_url"]
    assert "answers are made up" in site.said
    site.until(lambda: site.child("model"), 30)
    before = site.child("model")
    os.kill(before, signal.SIGKILL)
    with urllib.request.urlopen(f"{url}/models", timeout=30) as answer:  # waits, is not refused
        assert json.load(answer)["data"][0]["id"] == "demo"
    assert site.child("model") not in (0, before)
    with urllib.request.urlopen(url.removesuffix("/v1") + "/stub/requests", timeout=5) as answer:
        assert json.load(answer)["requests"] == []


def test_no_process_shows_a_secret_and_no_file_is_open_to_others(site: Installation) -> None:
    given = json.loads((site.home / "credentials.json").read_text())
    secrets = [given["password"], given["api_key"], (site.home / "secret_key").read_text().strip()]
    shown = [f"{' '.join(each.cmdline())} {each.environ()}" for each in site.tree()]
    assert len(shown) > 8
    assert not [line for line in shown if any(secret in line for secret in secrets)]
    for name in ("secret_key", "credentials.json", "run.json", "bootstrap.json"):
        assert (site.home / name).stat().st_mode & 0o777 == 0o600, name
    for name in ("work", "logs", "valkey", "postgres"):
        assert (site.home / name).stat().st_mode & 0o777 == 0o700, name


def test_a_second_one_on_the_same_home_is_told_so(site: Installation) -> None:
    done = refused("--home", str(site.home))
    assert done.returncode == 1
    assert f"already runs on {site.home} at {site.run['url']}" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_taken_port_is_named(site: Installation) -> None:
    for option, port in (("--port", site.run["port"]), ("--grpc-port", site.run["grpc_port"])):
        others = ["--port", "0"] if option == "--grpc-port" else []
        done = refused("--home", str(site.home / "another"), *others, option, str(port))
        assert done.returncode == 1
        assert done.stderr.splitlines() == [
            f"agentx up: Port {port} on 127.0.0.1 is taken: free it or choose another with {option}."
        ]


def test_a_home_that_cannot_be_written_is_named() -> None:
    done = refused("--home", "/proc/agentx", "--port", "0", "--grpc-port", "0")
    assert done.returncode == 1
    assert "/proc/agentx cannot be used" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_what_is_killed_comes_back(site: Installation) -> None:
    send(site, "before")
    names = ("web", "postgres", "valkey", "gateway", "courier")
    site.until(lambda: all(site.child(name) for name in names), 10)
    before = {name: site.child(name) for name in names}
    for pid in before.values():
        os.kill(pid, signal.SIGKILL)
    site.until(lambda: all(site.child(name) not in {0, pid} for name, pid in before.items()), 10)
    site.until(lambda: answers(site), 20)


def answers(site: Installation) -> bool:
    try:
        return bool(send(site, "after"))
    except (OSError, AssertionError):
        return False


def test_one_interrupt_ends_everything(site: Installation) -> None:
    began = time.monotonic()
    assert site.stop() == 0
    assert time.monotonic() - began < 20
    assert [process.cmdline() for process in site.tree()] == []
    assert not (site.home / "run.json").exists()


def test_rows_outlive_a_kill_of_everything(site: Installation) -> None:
    site.start()
    task = send(site, "keep me")
    site.kill_everything()
    site.start()
    assert site.call("GetTask", id=task)["status"]["state"] == "TASK_STATE_COMPLETED"


def test_nothing_outlives_a_kill_of_the_runner(site: Installation) -> None:
    tree = site.tree()
    assert len(tree) > 10
    os.kill(site.pid, signal.SIGKILL)
    assert site.process is not None
    site.process.wait()
    site.until(lambda: not [process for process in tree if lives(process)], LEASE)
    assert [process.cmdline() for process in site.tree()] == []
