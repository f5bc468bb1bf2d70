"""What a plugin must not forget when another process takes its place."""

import json
import threading
from collections.abc import Iterable, Iterator, MutableMapping
from dataclasses import dataclass
from typing import Any

MAX_ENTRY = 1024 * 1024  # bytes of one value
MAX_STATE = 64 * 1024 * 1024  # bytes of all values together


@dataclass(frozen=True)
class StateEntry:
    """One thing to keep: `value` is bytes, `version` grows with every change in this process."""

    key: str
    value: bytes = b""
    agent_id: str = ""
    version: int = 0
    removed: bool = False


class State(MutableMapping[str, Any]):
    """A mapping of JSON values that knows what changed since when.

    Safe to use from threads. A value that was changed in place (`state["list"].append(1)`) is
    noticed too, when the state is saved.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._values: dict[str, Any] = {}
        self._kept: dict[str, tuple[bytes, int]] = {}  # as last looked at, and in which version
        self._removed: dict[str, int] = {}
        self._version = 0

    @property
    def version(self) -> int:
        """That of the newest change, 0 before the first."""
        return self._version

    def __getitem__(self, key: str) -> Any:
        return self._values[key]

    def __setitem__(self, key: str, value: Any) -> None:
        """Raises TypeError for what JSON cannot say, ValueError for more than a MiB."""
        encoded = _encoded(key, value)
        with self._lock:
            self._values[key] = value
            self._keep(key, encoded)

    def __delitem__(self, key: str) -> None:
        with self._lock:
            del self._values[key]
            del self._kept[key]
            self._version += 1
            self._removed[key] = self._version

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._values))

    def __len__(self) -> int:
        return len(self._values)

    def changes(self, since: int = 0) -> list[StateEntry]:
        """What changed after version `since`, oldest change first; 0: everything there is."""
        with self._lock:
            for key, value in self._values.items():
                self._keep(key, _encoded(key, value))
            entries = [
                StateEntry(key, encoded, version=version)
                for key, (encoded, version) in self._kept.items()
                if version > since
            ]
            entries += [
                StateEntry(key, version=version, removed=True)
                for key, version in self._removed.items()
                if 0 < since < version
            ]
        return sorted(entries, key=lambda entry: entry.version)

    def load(self, entries: Iterable[StateEntry]) -> None:
        """Take entries of another process over what is here; other keys stay. Raises ValueError."""
        for entry in entries:
            if entry.removed:
                self.pop(entry.key, None)
            else:
                self[entry.key] = json.loads(entry.value)

    def _keep(self, key: str, encoded: bytes) -> None:
        if key not in self._kept or self._kept[key][0] != encoded:
            self._version += 1
            self._kept[key] = (encoded, self._version)
            self._removed.pop(key, None)


def _encoded(key: str, value: Any) -> bytes:
    if not isinstance(key, str):
        raise TypeError(f"a state's key is a string, not a {type(key).__name__}")
    encoded = json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    if len(encoded) > MAX_ENTRY:
        raise ValueError(f"state {key!r} is {len(encoded)} bytes of JSON: at most {MAX_ENTRY}")
    return encoded
