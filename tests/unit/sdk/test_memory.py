"""What a conversation's memory refuses: what would leave it so that no later turn can open it."""

import zlib

import pytest
from agentx_sdk import Memory, TaskFailed
from agentx_sdk.memory import MOST_OPENED


def nested(depth: int) -> list:
    value: list = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("value", [" " * MOST_OPENED, nested(100_000)])
def test_what_no_later_turn_would_open_is_not_kept(value):
    memory = Memory()
    memory["a"] = value
    with pytest.raises(TaskFailed) as refused:
        memory.encoded()
    assert refused.value.code == "memory_full"


@pytest.mark.parametrize(
    "encoded",
    [
        zlib.compress(b" " * (MOST_OPENED + 1), 1),
        zlib.compress(b'{"a": 1}' + b" " * 9_000)[:-20],
        b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        zlib.compress(b"[" * 100_000),
        b"[1]",
        b"no",
    ],
)
def test_what_is_no_memory_is_refused(encoded):
    with pytest.raises(ValueError):
        Memory(encoded)
