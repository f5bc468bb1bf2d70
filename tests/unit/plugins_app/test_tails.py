"""The file of a process that talks too much."""

from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.conf import settings

from plugins_app.process.places import log_file
from plugins_app.supervisor import logs
from plugins_app.supervisor.logs import Tail

CHUNK = 1000


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "AGENTX_HOME", tmp_path)
    monkeypatch.setattr(logs, "LOG_BYTES", 10 * CHUNK)
    monkeypatch.setattr(logs, "CHUNK_BYTES", CHUNK)
    return log_file("talker", 0)


def test_who_writes_faster_than_we_read_does_not_fill_the_disk(file):
    wanted = SimpleNamespace(plugin="talker", ordinal=0, instance_id=uuid4())
    tail = Tail(SimpleNamespace(wanted=wanted))
    largest = 0
    for _ in range(100):
        with file.open("ab") as log:
            log.write(b"x" * 99 + b"\n" * 3 * CHUNK)
        tail.forward()
        largest = max(largest, file.stat().st_size)
    assert largest < 60 * CHUNK
