"""From the file a process writes to the stream that people follow."""

import asyncio
import codecs
import logging
import os
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final
from uuid import UUID

import redis
from django.conf import settings

from plugins_app.models import PluginInstance
from plugins_app.process.places import LOG_BYTES, log_file
from plugins_app.selectors import LOG_KEY, MAX_LOG_LINES
from plugins_app.signals import log_lines_written
from plugins_app.supervisor.lines import Line, Reader, heard, level_of
from plugins_app.supervisor.slot import Slot

log = logging.getLogger(__name__)
LOOK_SECONDS: Final = 0.2
CHUNK_BYTES: Final = 1 << 20
DECODER: Final = codecs.getincrementaldecoder("utf-8")  # a chunk may end within a character
PLACES_KEY: Final = "agentx:logs:places"  # how far each file was read, for the next supervisor


class Tail:
    """Reads one slot's file from where it was left."""

    def __init__(self, slot: Slot) -> None:
        self.plugin = slot.wanted.plugin
        self.ordinal = slot.wanted.ordinal
        self.instance_id = slot.wanted.instance_id
        self.path = log_file(self.plugin, self.ordinal)
        self._slot = slot
        self._reader = Reader()
        self._decoder = DECODER(errors="replace")
        self._inode = self._offset = 0
        self._found_place = False
        self._unsent: list[Line] = []

    def has_news(self) -> bool:
        """Cheap: asked five times a second."""
        try:
            facts = self.path.stat()
        except OSError:
            return bool(self._unsent)
        moved = facts.st_ino != self._inode or facts.st_size != self._offset
        return moved or bool(self._unsent)

    def forward(self) -> None:
        """Read what is new and hand it on. Blocks; what Redis does not take now is kept for the next time."""
        if not self._found_place:
            self._find_place()
        now = datetime.now(UTC)
        read = self._reader.feed(self._read(), now)
        least = level_of(self._slot.wanted.manifest)
        self._unsent += [line for line in read if heard(line.level, least)]
        self._unsent = self._unsent[-MAX_LOG_LINES:]
        if self._unsent and (told := self._send(self._unsent)) is not None:
            self._unsent = []
            log_lines_written.send_robust(
                PluginInstance,
                plugin_slug=self.plugin,
                instance_id=str(self.instance_id),
                lines=told,
            )

    @property
    def _field(self) -> str:
        return f"{settings.NODE_NAME}/{self.plugin}/{self.ordinal}"

    def _find_place(self) -> None:
        place = _redis().hget(PLACES_KEY, self._field)
        if place:
            inode, offset = str(place).split(":")
            self._inode, self._offset = int(inode), int(offset)
        elif self.path.exists():
            facts = self.path.stat()
            self._inode, self._offset = facts.st_ino, max(0, facts.st_size - CHUNK_BYTES)
        self._found_place = True

    def _read(self) -> str:
        try:
            with self.path.open("rb") as file:
                facts = os.fstat(file.fileno())
                if facts.st_ino != self._inode or facts.st_size < self._offset:
                    rest = self._rest_of_earlier()
                    self._inode, self._offset = facts.st_ino, 0
                    return self._decoder.decode(rest)
                file.seek(self._offset)
                text = file.read(CHUNK_BYTES)
        except OSError:
            return ""
        self._offset += len(text)
        return self._decoder.decode(text)

    def _rest_of_earlier(self) -> bytes:
        """It was full and renamed: what was not read of it."""
        earlier = self.path.with_suffix(".log.1")
        try:
            with earlier.open("rb") as file:
                if os.fstat(file.fileno()).st_ino != self._inode:
                    return b""
                file.seek(self._offset)
                return file.read(LOG_BYTES)
        except OSError:
            return b""

    def _send(self, lines: Iterable[Line]) -> list[dict[str, Any]] | None:
        entries = [self._entry(line) for line in lines]
        pipe = _redis().pipeline(transaction=False)
        key = LOG_KEY.format(slug=self.plugin)
        for entry in entries:
            pipe.xadd(key, entry, maxlen=MAX_LOG_LINES, approximate=True)
        pipe.hset(PLACES_KEY, self._field, f"{self._inode}:{self._offset}")
        try:
            ids = pipe.execute()
        except redis.RedisError as error:
            log.warning("log lines wait for Redis: %s", error)
            return None
        return [{"id": id_, **entry} for id_, entry in zip(ids, entries, strict=False)]

    def _entry(self, line: Line) -> dict[Any, Any]:
        return {"instance": str(self.instance_id), "ordinal": self.ordinal, **asdict(line)}


class Tails:
    """All files of a node, one after the other in a thread."""

    def __init__(self, slots: dict[UUID, Slot]) -> None:
        self._slots = slots
        self._tails: dict[UUID, Tail] = {}

    async def run(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await self.look()

    async def look(self) -> None:
        """Once over all files."""
        for instance_id, slot in list(self._slots.items()):
            if instance_id not in self._tails:
                self._tails[instance_id] = Tail(slot)
        due = [tail for tail in self._tails.values() if tail.has_news()]
        for instance_id in self._tails.keys() - self._slots.keys():
            del self._tails[instance_id]  # its last lines are due now
        if due:
            await asyncio.to_thread(_forward, due)


def _forward(tails: Iterable[Tail]) -> None:
    for tail in tails:
        try:
            tail.forward()
        except (redis.RedisError, OSError) as error:
            log.warning("the log %s waits: %s", tail.path.name, error)


@cache
def _redis() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, decode_responses=True, socket_timeout=2)
