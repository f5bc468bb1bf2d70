"""Server-sent events, however they are cut."""

import asyncio
from itertools import pairwise

import pytest
from aiohttp import StreamReader
from aiohttp.base_protocol import BaseProtocol
from hypothesis import given
from hypothesis import strategies as st

from plugins_app.client.errors import BadAnswer
from routing.remote.events import EventReader
from routing.remote.http import PIECE, pieces_of

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


@pytest.mark.asyncio
async def test_who_sends_without_a_pause_lets_others_have_their_turn():
    loop = asyncio.get_running_loop()
    content = StreamReader(BaseProtocol(loop), 2**20, loop=loop)
    content.feed_data(b"data:\n" * PIECE)
    content.feed_eof()
    turns = 0

    async def other():
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    pieces = [piece async for piece in pieces_of(content)]
    task.cancel()
    assert b"".join(pieces) == b"data:\n" * PIECE
    assert turns >= len(pieces) == 6
