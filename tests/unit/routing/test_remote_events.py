"""Server-sent events, however they are cut."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins_app.client.errors import BadAnswer
from routing.remote.events import EventReader

STREAM = b': hello\r\nid: 1\r\ndata: {"a":\r\ndata: 1}\r\n\r\nevent: error\ndata:no\n\n: bye\r\rdata: x\r\r'
EVENTS = [("", b'{"a":\n1}'), ("error", b"no"), ("", b"x")]


def read(*pieces: bytes) -> list[tuple[str, bytes]]:
    reader = EventReader()
    return [event for piece in (*pieces, b"\n") for event in reader.feed(piece)]


def test_comments_endings_and_lines_of_data():
    assert read(STREAM) == EVENTS


@given(st.lists(st.integers(0, len(STREAM)), max_size=8))
def test_it_does_not_matter_where_the_bytes_are_cut(cuts):
    edges = [0, *sorted(cuts), len(STREAM)]
    pieces = [STREAM[start:end] for start, end in pairwise(edges)]
    assert read(*pieces) == EVENTS


@pytest.mark.parametrize(
    "stream", [b"data: " + b"x" * 30, b"data: xxxxxxxxx\n" * 3, b"data:\n" * 30]
)
def test_an_event_that_is_too_large(stream):
    reader = EventReader(limit=20)
    with pytest.raises(BadAnswer, match="larger than 20"):
        list(reader.feed(stream))


def test_many_small_events_are_no_large_one():
    reader = EventReader(limit=20)
    assert len(list(reader.feed(b"data: x\n\n" * 100))) == 100
