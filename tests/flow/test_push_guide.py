"""The receiver of docs/guides/push-notifications.md, as it stands there."""

import asyncio
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from routing.models import Task
from routing.push.courier import Courier
from routing.services import pushes
from security.rows import ask
from tests.factories import make_agent, make_task

pytestmark = pytest.mark.django_db(transaction=True)
GUIDE = Path(settings.BASE_DIR) / "docs" / "guides" / "push-notifications.md"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def listening(port: int) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                return writer.close()


@pytest.mark.asyncio
async def test_the_guide_s_receiver_says_what_it_was_told_once(tmp_path, settings):
    settings.WEBHOOK_ALLOW = ["127.0.0.1"]
    (code,) = re.findall(r"^```python\n(.*?)^```", GUIDE.read_text(), re.MULTILINE | re.DOTALL)
    (tmp_path / "receiver.py").write_text(code)
    port, task = free_port(), await ask(lambda: make_task(make_agent()))
    await ask(keep, task, f"http://127.0.0.1:{port}/", "wrong")
    await ask(keep, task, f"http://127.0.0.1:{port}/", "known-to-both-of-us")
    argv = [sys.executable, str(tmp_path / "receiver.py"), str(port)]
    receiver = await asyncio.create_subprocess_exec(
        *argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        await listening(port)
        assert await Courier().once() == 2
        assert receiver.stdout is not None
        line = await asyncio.wait_for(receiver.stdout.readline(), 10)
    finally:
        receiver.kill()
        rest, _ = await receiver.communicate()
    assert (line.decode(), rest) == (f"{task.id}/1 task\n", b"")


def keep(task: Task, url: str, token: str) -> None:
    pushes.keep_push(task.id, pushes.checked({"url": url, "token": token}), 0)
