"""The checkpoints of one conversation as JSON, small enough to travel with each of its turns.

Every value is kept once, however many checkpoints have it, and of a list of messages every message:
so a history of a conversation takes little more than the conversation.
"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, TypeAlias

Key: TypeAlias = tuple[str, str]  # namespace (empty: the graph itself, else a subgraph), checkpoint
Place: TypeAlias = int | list[int]  # of a value, or of each entry of a list


@dataclass
class Kept:
    """One checkpoint. Ids grow with time."""

    ns: str
    id: str
    parent: str
    checkpoint: dict[str, Any]  # as LangGraph has it, without the values of its channels
    metadata: dict[str, Any]
    channels: dict[str, Place] = field(default_factory=dict)
    # Of tasks that are done or were interrupted: task, index, channel, value, path.
    writes: list[tuple[str, int, str, int, str]] = field(default_factory=list)

    def places(self) -> Iterator[int]:
        """Of all values that it names."""
        for place in self.channels.values():
            yield from place if isinstance(place, list) else (place,)
        for write in self.writes:
            yield write[3]


class Thread:
    """Values are encoded strings; whoever saves and loads them knows what they mean."""

    def __init__(self, told: dict[str, Any] | None = None) -> None:
        """`told`: what `kept` gave."""
        told = told or {}
        self._values: list[str] = list(told.get("values", ()))
        self._places = {value: place for place, value in enumerate(self._values)}
        self._kept: dict[Key, Kept] = {}
        for each in told.get("checkpoints", ()):
            self.add(Kept(**each))

    def __len__(self) -> int:
        return len(self._kept)

    def place(self, value: str) -> int:
        """Where the value is kept, from now on at least."""
        place = self._places.setdefault(value, len(self._values))
        if place == len(self._values):
            self._values.append(value)
        return place

    def value(self, place: int) -> str:
        """What `place` was given."""
        return self._values[place]

    def size(self, place: int) -> int:
        """Characters of a value."""
        return len(self._values[place])

    def add(self, kept: Kept) -> None:
        """Keep a checkpoint; what was written to it before it came stays with it."""
        before = self._kept.get((kept.ns, kept.id))
        if before is not None and not kept.writes:
            kept.writes = before.writes
        self._kept[kept.ns, kept.id] = kept

    def get(self, ns: str, checkpoint_id: str = "") -> Kept | None:
        """This checkpoint, or the newest."""
        if checkpoint_id:
            return self._kept.get((ns, checkpoint_id))
        return max(self.all(ns), key=lambda kept: kept.id, default=None)

    def all(self, ns: str | None = None) -> list[Kept]:
        """The newest first; not what was written to before it came, and never came."""
        found = [kept for kept in self._kept.values() if kept.checkpoint and ns in (None, kept.ns)]
        return sorted(found, key=lambda kept: kept.id, reverse=True)

    # ---- Bounds

    def kept(self, count: int, size: int) -> dict[str, Any]:
        """As JSON: at most `count` checkpoints and about `size` characters of values, the newest ones.

        The newest checkpoint of the graph stays in any case, and those of subgraphs that are newer:
        without them the conversation could not go on.
        """
        whole = self.all()
        needed = self._needed(whole)
        chosen = whole[: max(count, needed)]
        while len(chosen) > needed and self._size(chosen) > size:
            chosen.pop()
        return self._told(chosen)

    def _needed(self, whole: list[Kept]) -> int:
        roots = [place for place, kept in enumerate(whole) if not kept.ns]
        return roots[0] + 1 if roots else 0

    def _size(self, chosen: Iterable[Kept]) -> int:
        return sum(
            self.size(place) for place in {each for kept in chosen for each in kept.places()}
        )

    def _told(self, chosen: list[Kept]) -> dict[str, Any]:
        """With no value that nobody names."""
        smaller = Thread()
        moved: dict[int, int] = {}

        def move(place: int) -> int:
            if place not in moved:
                moved[place] = smaller.place(self._values[place])
            return moved[place]

        for kept in reversed(chosen):
            smaller.add(_moved(kept, move))
        return {
            "values": smaller._values,
            "checkpoints": [asdict(each) for each in smaller._kept.values()],
        }


def _moved(kept: Kept, move: Any) -> Kept:
    channels: dict[str, Place] = {
        name: [move(each) for each in place] if isinstance(place, list) else move(place)
        for name, place in kept.channels.items()
    }
    writes = [
        (task, index, name, move(place), path) for task, index, name, place, path in kept.writes
    ]
    return Kept(kept.ns, kept.id, kept.parent, kept.checkpoint, kept.metadata, channels, writes)
