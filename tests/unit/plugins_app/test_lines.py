"""From what a process writes to records."""

from datetime import UTC, datetime

import pytest

from plugins_app.supervisor.lines import LONGEST, TRACEBACK, Reader, parse

NOW = datetime(2026, 11, 20, tzinfo=UTC)
TRACE = """Traceback (most recent call last):
  File "main.py", line 1, in <module>
    1 / 0
ZeroDivisionError: division by zero
"""


def texts(reader, *chunks):
    return [(each.level, each.text) for chunk in chunks for each in reader.feed(chunk, NOW)]


def test_lines_are_cut_where_they_end():
    assert texts(Reader(), "one\ntw", "o\nthr") == [("info", "one"), ("info", "two")]


def test_a_json_line_keeps_its_level_time_and_ids():
    line = parse('{"level": "WARN", "message": "low", "ts": "2026-01-01", "task_id": "t"}', NOW)
    assert (line.level, line.text, line.time) == ("warning", "low", "2026-01-01")
    assert '"task_id"' in line.json


def test_an_exception_in_a_json_line_is_part_of_its_text():
    assert parse('{"message": "no", "exception": "E: x"}', NOW).text == "no\nE: x"


def test_what_only_looks_like_json_is_text():
    assert parse('{"level": ', NOW).text == '{"level": '
    assert parse("{}", NOW).text == "{}"


def test_a_traceback_is_one_record():
    assert texts(Reader(), TRACE[:40], TRACE[40:], "after\n") == [
        ("error", TRACE.rstrip("\n")),
        ("info", "after"),
    ]


def test_a_line_without_end_is_cut():
    (line,) = Reader().feed("x" * 20_000, NOW)
    assert len(line.text) == 16 * 1024


def test_a_traceback_without_an_end_is_cut():
    """Else whoever writes one fills the supervisor's memory."""
    reader = Reader()
    reader.feed(f"{TRACEBACK}\n", NOW)
    for _ in range(100):
        assert reader.feed("  and so on, for ever\n" * 100, NOW) == []
    (record,) = reader.feed("ValueError: at last\n", NOW)
    assert len(record.text) <= LONGEST + len("ValueError: at last\n") + 1
    assert record.text.endswith("ValueError: at last")


@pytest.mark.parametrize(
    "line",
    [
        '{"a":' * 3000,
        '{"message": ' + "[" * 8000 + "]" * 8000 + "}",
        '{"message": "\\ud800", "level": "\\udfff", "ts": "\\ud800"}',
        '{"message": ' + "9" * 5000 + "}",
        '{"level": {"a": "\\ud800"}, "exception": ["\\ud800"]}',
    ],
)
def test_whatever_is_written_is_a_line_that_can_be_sent(line):
    """One that could not be would end the following of everybody's logs."""
    record = parse(line, NOW)
    for text in (record.text, record.level, record.time, record.json):
        text.encode()
