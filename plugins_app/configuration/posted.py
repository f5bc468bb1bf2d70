"""What was posted from a drawn form, as a configuration again."""

import json
import math
from dataclasses import dataclass
from typing import Any

from plugins_app.configuration.drawing import NOTHING, Posted, is_filled, pointer, rows_of
from plugins_app.configuration.secrets import REDACTED, REFERENCE, Json, Path, dotted
from plugins_app.configuration.shapes import Shape


@dataclass(frozen=True, slots=True)
class Reading:
    """`problems`: by dotted field of the form, what is no value at all.

    `moves`: rows of lists that have another place in the configuration than in the form, because one before them was
    taken away: from the one to the other, dotted.
    """

    config: Json
    problems: dict[str, str]
    moves: dict[str, str]

    def in_form(self, problems: dict[str, str]) -> dict[str, str]:
        """Problems of the configuration, by the fields of the form."""
        return {self._in_form(name): why for name, why in problems.items()}

    def _in_form(self, name: str) -> str:
        for place in sorted(self.moves, key=len):
            if name == place or name.startswith(f"{place}."):
                name = self.moves[place] + name.removeprefix(place)
        return name


def read_form(shape: Shape, posted: Posted) -> Reading:
    """Fields left empty are left out."""
    reader = _Reader(posted)
    config = reader.read(shape, ())
    return Reading(config if isinstance(config, dict) else {}, reader.problems, reader.moves)


class _Reader:
    def __init__(self, posted: Posted) -> None:
        self.problems: dict[str, str] = {}
        self.moves: dict[str, str] = {}
        self._posted = posted

    def read(self, shape: Shape, path: Path) -> Any:
        name = pointer(path)
        if f"{name}?json" in self._posted:
            return self._json(self._posted[f"{name}?json"], path)
        match shape.kind:
            case "object":
                return self._object(shape, path)
            case "list" | "rows":
                return self._list(shape, path)
            case "secret":
                return self._secret(shape, name, path)
            case "json":
                return NOTHING
        text = self._posted.get(name, "").replace("\r\n", "\n")
        if text == "":
            # No text, unless it was one of no characters before.
            return "" if f"{name}?empty" in self._posted else NOTHING
        return self._scalar(shape, text, path)

    def _scalar(self, shape: Shape, text: str, path: Path) -> Any:
        match shape.kind:
            case "integer" | "number":
                return self._number(shape, text.strip(), path)
            case "boolean" | "choice":
                return self._json(text, path)
            case "mixed" if text.lstrip().startswith("{"):
                return self._json(text, path)
        return text

    def _number(self, shape: Shape, text: str, path: Path) -> Any:
        try:
            number = (
                int(text)
                if shape.kind == "integer" or text.lstrip("-").isdecimal()
                else float(text)
            )
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            wanted = "a whole number" if shape.kind == "integer" else "a number"
            self.problems[dotted(path)] = f"must be {wanted}"
            return NOTHING
        return number

    def _object(self, shape: Shape, path: Path) -> Any:
        read = {key: self.read(inner, (*path, key)) for key, inner in shape.properties.items()}
        told = {key: value for key, value in read.items() if value is not NOTHING}
        rest = self._json(self._posted.get(f"{pointer(path)}?rest", ""), path)
        if isinstance(rest, dict) and not rest.keys() & shape.properties.keys():
            told |= rest
        elif isinstance(rest, dict):
            twice = ", ".join(sorted(rest.keys() & shape.properties.keys()))
            self.problems[dotted(path)] = f"other settings: {twice} has a field of its own"
        elif rest is not NOTHING:
            self.problems[dotted(path)] = "other settings must be a JSON object"
        return self._or_nothing(told, shape, path)

    def _list(self, shape: Shape, path: Path) -> Any:
        assert shape.item is not None
        told: list[Any] = []
        for index in rows_of(self._posted, pointer(path)):
            under = (*path, index)
            dropped = self._is_dropped(shape, pointer(under))
            value = NOTHING if dropped else self.read(shape.item, under)
            if value is not NOTHING:
                if index != len(told):
                    self.moves[dotted((*path, len(told)))] = dotted(under)
                told.append(value)
        return self._or_nothing(told, shape, path)

    def _is_dropped(self, shape: Shape, name: str) -> bool:
        if self._posted.get(f"{name}?remove"):
            return True
        is_new = shape.kind == "rows" and self._posted.get(f"{name}?row") == "new"
        return is_new and not is_filled(self._posted, name)

    def _or_nothing(self, value: Any, shape: Shape, path: Path) -> Any:
        """An empty object or list is there when it was there before, or must be."""
        is_there = shape.required or not path or f"{pointer(path)}?there" in self._posted
        in_list = bool(path) and isinstance(path[-1], int)
        return value if value or is_there or in_list else NOTHING

    def _secret(self, shape: Shape, name: str, path: Path) -> Any:
        if text := self._posted.get(name, ""):
            told = shape.schema.get("type", "string")
            return text if "string" in told else self._json(text, path)
        kept = self._posted.get(f"{name}?kept", "")
        if not kept or self._posted.get(f"{name}?clear"):
            return NOTHING
        return REDACTED if kept == REDACTED else {REFERENCE: kept}

    def _json(self, text: str, path: Path) -> Any:
        if not text.strip():
            return NOTHING
        try:
            return json.loads(text, parse_constant=_refused)
        except (ValueError, RecursionError):
            self.problems[dotted(path)] = "must be JSON"
            return NOTHING


def _refused(word: str) -> Any:
    raise ValueError(word)
