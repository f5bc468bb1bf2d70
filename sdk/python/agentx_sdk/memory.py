"""What an agent remembers of one conversation: it comes with a turn, and goes back with its end."""

import json
import zlib
from typing import Any

from agentx_sdk.errors import TaskFailed

MAX_MEMORY = 1024 * 1024  # bytes on the wire
MOST_OPENED = 64 * MAX_MEMORY  # of JSON: what a memory of a MiB can hold when it presses well
TOO_MUCH = "memory_full"
PLAIN_UP_TO = 2048  # bytes of JSON; more is worth the time it takes to press it
PRESSED = b"\x78"  # the first byte of a zlib stream, which no JSON object begins with


class Memory(dict[str, Any]):
    """JSON values by name. AgentX keeps them; the next turn of the conversation gets them, in whichever process.

    A turn that fails or is cancelled leaves the memory as it was before.
    """

    def __init__(self, encoded: bytes = b"") -> None:
        """Raises ValueError for bytes that are no memory."""
        super().__init__(_decoded(encoded) if encoded else {})
        self._before = self._text() if encoded else b"{}"

    def encoded(self) -> bytes | None:
        """The bytes to keep; None: nothing changed. Raises `TaskFailed` for more than a MiB, TypeError for no JSON."""
        try:
            text = self._text()
        except RecursionError:
            told = "the conversation's memory holds lists or objects too deep in one another"
            raise TaskFailed(told, TOO_MUCH) from None
        if text == self._before:
            return None
        if len(text) > MOST_OPENED:  # no later turn would open it, however well it presses
            told = f"the conversation's memory is {len(text)} bytes of JSON: at most {MOST_OPENED}"
            raise TaskFailed(told, TOO_MUCH)
        pressed = text if len(text) <= PLAIN_UP_TO else zlib.compress(text, 1)
        if len(pressed) > MAX_MEMORY:
            told = f"the conversation's memory takes {len(pressed)} bytes: at most {MAX_MEMORY}"
            raise TaskFailed(told, TOO_MUCH)
        return pressed

    def _text(self) -> bytes:
        return json.dumps(self, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def _decoded(encoded: bytes) -> dict[str, Any]:
    text = _opened(encoded) if encoded.startswith(PRESSED) else encoded
    try:
        value = json.loads(text)
    except RecursionError:
        raise ValueError("a memory holds lists or objects too deep in one another") from None
    if not isinstance(value, dict):
        raise ValueError("a memory is a JSON object")
    return value


def _opened(encoded: bytes) -> bytes:
    """A bomb goes no further."""
    opener = zlib.decompressobj()
    text = opener.decompress(encoded, MOST_OPENED)
    if opener.unconsumed_tail:
        raise ValueError("a memory opens to more than 64 MiB")
    return text
