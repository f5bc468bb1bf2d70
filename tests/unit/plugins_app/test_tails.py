"""What is followed of a process's log: all of it, across the file's end, from its level on."""

import json
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.conf import settings

from plugins_app import selectors
from plugins_app.process.places import log_file
from plugins_app.supervisor.logs import Tail, _redis


@pytest.fixture
def tail(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "AGENTX_HOME", tmp_path)
    name = f"talker-{uuid4().hex[:6]}"
    wanted = SimpleNamespace(plugin=name, ordinal=0, instance_id=uuid4(), manifest={})
    log_file(name, 0).touch()
    found = Tail(SimpleNamespace(wanted=wanted))
    found.forward()  # it stands at the end of what was there
    return found


def sent(tail, monkeypatch):
    seen = []
    monkeypatch.setattr(tail, "_send", lambda lines: seen.extend(lines) or [])
    return seen


def test_a_full_file_that_was_renamed_is_read_to_its_end(tail, monkeypatch):
    seen = sent(tail, monkeypatch)
    tail.path.write_text("one\ntwo\n")
    tail.path.rename(tail.path.with_suffix(".log.1"))
    tail.path.write_text("three\n")
    while tail.has_news():
        tail.forward()
    assert [line.text for line in seen] == ["one", "two", "three"]


def test_what_is_below_the_level_of_its_manifest_is_not_followed(tail, monkeypatch):
    tail._slot.wanted.manifest = {"logging": {"level": "warning"}}
    seen = sent(tail, monkeypatch)
    levels = ("debug", "info", "warn", "error")
    lines = [json.dumps({"level": level, "message": level}) for level in levels]
    tail.path.write_text("\n".join([*lines, "plain text is info", ""]))
    tail.forward()
    assert [line.text for line in seen] == ["warn", "error"]


def test_the_lines_reach_the_stream(tail):
    tail.path.write_text("hello\n")
    tail.forward()
    key = selectors.LOG_KEY.format(slug=tail.plugin)
    assert [entry["text"] for _, entry in _redis().xrange(key)] == ["hello"]
