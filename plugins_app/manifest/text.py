"""The text of a plugin.yaml: a mapping that JSON can hold, and where each of its values stands."""

import copy
import math
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path as Folder
from typing import Any, Final, NamedTuple

import yaml
from yaml.nodes import MappingNode, Node, SequenceNode

from plugins_app.errors import InvalidManifest

FILE_NAME: Final = "plugin.yaml"
MAX_BYTES: Final = 1 << 20
MAX_KEPT_BYTES: Final = 1 << 17
MAX_VALUES: Final = 50_000  # aliases make much of little
MAX_DEPTH: Final = 64
MERGE: Final = "tag:yaml.org,2002:merge"
Path = tuple[str | int, ...]


class Mark(NamedTuple):
    """A place in the file, counted from 1."""

    line: int
    column: int

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}"


class Document(dict[str, Any]):
    """A plugin.yaml as it was written, with its marks."""

    def __init__(self, raw: dict[str, Any], marks: dict[Path, Mark]) -> None:
        super().__init__(raw)
        self._marks = marks

    def __deepcopy__(self, memo: dict[int, Any]) -> "Document":
        return Document(copy.deepcopy(dict(self), memo), self._marks)

    def mark(self, path: Path) -> Mark | None:
        """Where a value stands, or the nearest thing around it that is there."""
        while path and path not in self._marks:
            path = path[:-1]
        return self._marks.get(path)


class _Wrong(Exception):  # noqa: N818 - never leaves this file
    def __init__(self, mark: yaml.Mark | None, words: str) -> None:
        super().__init__(f"{_mark(mark)}: {words}" if mark is not None else words)


def read(folder: Folder) -> dict[str, Any]:
    """The mapping in the folder's plugin.yaml, unchecked. Raises `InvalidManifest`."""
    path = folder / FILE_NAME
    try:
        text = path.read_bytes()
    except OSError as error:
        raise InvalidManifest(f"Cannot read {path}: {error.strerror}.") from None
    return load(text, str(path))


def load(text: bytes, path: str = FILE_NAME) -> dict[str, Any]:
    """The mapping in the text of a plugin.yaml, unchecked; `path` is for its words. Raises `InvalidManifest`."""
    if len(text) > MAX_BYTES:
        raise InvalidManifest(f"{path} is larger than {MAX_BYTES} bytes.")
    try:
        return _document(text)
    except yaml.MarkedYAMLError as error:
        where = f"{_mark(error.problem_mark)}: " if error.problem_mark else ""
        raise InvalidManifest(f"{path} is not YAML: {where}{error.problem}.") from None
    except (yaml.YAMLError, ValueError) as error:
        raise InvalidManifest(f"{path} is not YAML: {error}") from None
    except RecursionError:
        raise InvalidManifest(f"{path}: there are too many values inside each other.") from None
    except _Wrong as wrong:
        raise InvalidManifest(f"{path}: {wrong}.") from None


def _document(text: bytes) -> Document:
    """A plugin that comes in is looked at from several sides: what is not large is parsed once for all of them."""
    if len(text) > MAX_KEPT_BYTES:
        return _parsed(text)
    return copy.deepcopy(_kept(text))


@lru_cache(32)
def _kept(text: bytes) -> Document:
    return _parsed(text)


def _parsed(text: bytes) -> Document:
    loader = yaml.SafeLoader(text)
    try:
        node = loader.get_single_node()
        if not isinstance(node, MappingNode):
            raise _Wrong(None, "the file must hold a mapping")
        _check_size(node)
        raw = loader.construct_document(node)
    finally:
        loader.dispose()
    return Document(raw, dict(_marks(node, raw, ())))


def _check_size(root: Node) -> None:
    """Refuses what is too much when written out, and keys that are there twice."""
    left, count = [(root, 1)], 0
    while left:
        node, depth = left.pop()
        count += 1
        if count > MAX_VALUES or depth > MAX_DEPTH:
            raise _Wrong(
                node.start_mark, "there are too many values, or too many inside each other"
            )
        if isinstance(node, MappingNode):
            _check_keys(node)
            left += [(each, depth + 1) for pair in node.value for each in pair]
        elif isinstance(node, SequenceNode):
            left += [(each, depth + 1) for each in node.value]


def _check_keys(node: MappingNode) -> None:
    seen: dict[str, yaml.Mark] = {}
    for key, _ in node.value:
        name = str(key.value)
        if name in seen and key.tag != MERGE:
            first = _mark(seen[name])
            raise _Wrong(key.start_mark, f"{name} is there already, at {first}")
        seen[name] = key.start_mark


def _marks(node: Node, value: Any, path: Path) -> Iterator[tuple[Path, Mark]]:
    """Where everything stands: a mapping's entries at their keys. Raises `_Wrong` for what JSON cannot hold."""
    if isinstance(node, MappingNode) and isinstance(value, dict):
        for key, inner in node.value:
            name = key.value
            if not isinstance(name, str) or name not in value:
                raise _Wrong(key.start_mark, "a key must be text: put it in quotes")
            yield (*path, name), _mark(key.start_mark)
            yield from _marks(inner, value[name], (*path, name))
    elif isinstance(node, SequenceNode) and isinstance(value, list):
        for place, (inner, each) in enumerate(zip(node.value, value, strict=True)):
            yield (*path, place), _mark(inner.start_mark)
            yield from _marks(inner, each, (*path, place))
    elif not _is_json(value):
        kind = type(value).__name__
        raise _Wrong(node.start_mark, f"a {kind} is no value here: put it in quotes")


def _is_json(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, (str, bool, int))


def _mark(mark: yaml.Mark) -> Mark:
    return Mark(mark.line + 1, mark.column + 1)
