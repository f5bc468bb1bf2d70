"""Server-sent events as they come in, whatever cuts them: CRLF, comments, data over several lines, a size limit. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from plugins_app.client.errors import BadAnswer
from routing.limits import MAX_UPSTREAM_BYTES


@dataclass(slots=True)
class EventReader:
    """`feed` it bytes as they come; it gives the data of every event that is whole, with the event's name."""

    limit: int = MAX_UPSTREAM_BYTES
    _rest: bytearray = field(default_factory=bytearray)
    _data: bytearray = field(default_factory=bytearray)
    _size: int = 0  # of its lines, as they came
    _name: str = ""

    def feed(self, received: bytes) -> Iterator[tuple[str, bytes]]:
        """(name, data); the name is "" or what `event:` says. Raises `BadAnswer` for an event that is too large."""
        searched = max(len(self._rest) - 1, 0)  # its last byte may be a CR that waits for its LF
        self._rest += received
        start = 0
        while (found := self._line_end(max(start, searched))) is not None:
            end, following = found
            line = bytes(self._rest[start:end])
            start = following
            if (event := self._take(line)) is not None:
                yield event
        del self._rest[:start]
        if len(self._rest) > self.limit:
            raise BadAnswer(f"an event of its stream is larger than {self.limit} bytes")

    def _line_end(self, start: int) -> tuple[int, int] | None:
        """Where the next line ends and the one after it begins. A CR at the very end may be half of a CRLF."""
        newline = self._rest.find(b"\n", start)
        carriage = self._rest.find(b"\r", start, newline if newline >= 0 else len(self._rest))
        if carriage < 0:
            return (newline, newline + 1) if newline >= 0 else None
        if carriage + 1 == newline:
            return carriage, newline + 1
        if carriage + 1 == len(self._rest):
            return None
        return carriage, carriage + 1

    def _take(self, line: bytes) -> tuple[str, bytes] | None:
        if not line:
            return self._dispatch()
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data += value + b"\n"
            self._size += len(line)
            if self._size > self.limit + len(b"data: "):
                raise BadAnswer(f"an event of its stream is larger than {self.limit} bytes")
        elif name == b"event":
            self._name = value.decode("utf-8", "replace")
        return None

    def _dispatch(self) -> tuple[str, bytes] | None:
        name, data = self._name, bytes(self._data[:-1])
        self._name, self._data, self._size = "", bytearray(), 0
        return (name, data) if data else None
