"""A configuration as the fields of a form: each with its name, its widget, what stands in it, and what is wrong with it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from plugins_app.configuration.secrets import (
    REDACTED,
    REFERENCE,
    Path,
    dotted,
    is_reference,
)
from plugins_app.configuration.shapes import Kind, Shape

Posted = Mapping[str, str]
NOTHING: Final = object()  # null is something
INPUTS: Final = {"uri": "url", "url": "url", "email": "email", "date": "date", "time": "time"}
MARKS: Final = ("?row", "?there", "?kept", "?empty", "?remove", "?clear")  # no content
BOUNDS: Final = {"minimum": "min", "maximum": "max"}
TEXT_BOUNDS: Final = {"minLength": "minlength", "maxLength": "maxlength"}
TYPES: Final[dict[Kind, type | tuple[type, ...]]] = {
    "object": dict,
    "text": str,
    "long": str,
    "mixed": (str, dict),
    "number": (int, float),
    "integer": int,
    "boolean": bool,
    "list": list,
    "rows": list,
}


@dataclass(slots=True)
class Choice:
    value: str
    label: str
    chosen: bool


@dataclass(slots=True)
class Field:
    """`name` is its JSON pointer, which its inputs begin with; `blank` the pattern of one more row of a list."""

    kind: Kind
    name: str
    key: str
    label: str
    help: str
    required: bool
    text: str = ""  # what stands in the widget
    hint: str = ""  # its default
    input: str = "text"
    attributes: dict[str, Any] = field(default_factory=dict)
    choices: list[Choice] = field(default_factory=list)
    children: list["Field"] = field(default_factory=list)
    blank: "Field | None" = None
    rest: "Field | None" = None
    there: bool = False  # an object or a list that is set, though it may be empty
    empty: bool = False  # set, to a text of no characters
    kept: str = ""  # the name of the secret that is set
    is_new: bool = False  # the row at the end that waits to be filled in
    errors: list[str] = field(default_factory=list)

    @property
    def is_wrong(self) -> bool:
        """It, or something that lies in it."""
        return bool(self.errors) or any(child.is_wrong for child in self.children)


def pointer(path: Path) -> str:
    """As RFC 6901 has it."""
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in path)


def drawn(shape: Shape, config: Any, posted: Posted | None, problems: dict[str, str]) -> Field:
    """The form of a configuration, or of what was posted; every problem stands at its field, or at the whole."""
    left = dict(problems)
    told = _Drawer(posted, left).field(shape, config, (), 0)
    told.errors += [f"{name} {why}".strip() for name, why in left.items()]
    return told


class _Drawer:
    def __init__(self, posted: Posted | None, problems: dict[str, str]) -> None:
        self._posted = posted
        self._problems = problems

    def field(self, shape: Shape, value: Any, path: Path, lists: int) -> Field:
        name = pointer(path)
        kind = self._kind(shape, value, name)
        told = Field(kind, name, shape.key, _label(shape), _help(shape), shape.required)
        told.hint = _hint(shape)
        self._fill(told, shape, value, path, lists)
        told.errors += self._errors(path, whole=kind in ("json", "secret", "mixed"))
        return told

    def _kind(self, shape: Shape, value: Any, name: str) -> Kind:
        """What does not fit its widget is shown as the JSON it is, and nothing of it is lost."""
        if self._posted is not None:
            return "json" if f"{name}?json" in self._posted else shape.kind
        wanted = TYPES.get(shape.kind)
        if value is NOTHING or wanted is None:
            return shape.kind
        wrong = isinstance(value, bool) and shape.kind != "boolean"
        return shape.kind if isinstance(value, wanted) and not wrong else "json"

    def _fill(self, told: Field, shape: Shape, value: Any, path: Path, lists: int) -> None:
        match told.kind:
            case "object":
                self._object(told, shape, value, path, lists)
            case "list" | "rows":
                self._list(told, shape, value, path, lists)
            case "choice" | "boolean":
                self._choices(told, shape, value)
            case "secret":
                self._secret(told, value)
            case "json":
                told.text = self._typed(f"{told.name}?json", value, indent=2)
            case "mixed":
                told.text = self._typed(told.name, value, indent=2 if _is_object(value) else None)
                told.empty = value == "" or self._has(f"{told.name}?empty")
            case _:
                told.text = self._typed(told.name, value)
                told.empty = value == "" or self._has(f"{told.name}?empty")
                told.input, told.attributes = _input(shape)

    def _object(self, told: Field, shape: Shape, value: Any, path: Path, lists: int) -> None:
        held = value if isinstance(value, dict) else {}
        told.there = value is not NOTHING or self._has(f"{told.name}?there")
        told.children = [
            self.field(inner, held.get(key, NOTHING), (*path, key), lists)
            for key, inner in shape.properties.items()
        ]
        others = {key: item for key, item in held.items() if key not in shape.properties}
        if shape.rest or others or self._has(f"{told.name}?rest"):
            text = self._typed(f"{told.name}?rest", others or NOTHING, indent=2)
            told.rest = Field("json", told.name, "", "", "", False, text=text)

    def _list(self, told: Field, shape: Shape, value: Any, path: Path, lists: int) -> None:
        assert shape.item is not None
        held = value if isinstance(value, list) else []
        told.there = value is not NOTHING or self._has(f"{told.name}?there")
        places = self._places(told.name, len(held))
        for index in places:
            item = held[index] if self._posted is None else NOTHING
            told.children.append(self.field(shape.item, item, (*path, index), lists + 1))
        # One more, for those whose browser runs no scripts; left empty it is nothing.
        following = max(places, default=-1) + 1
        told.children.append(self._blank(shape.item, (*path, following), lists))
        told.blank = self._blank(shape.item, (*path, f"__n{lists}__"), lists)

    def _blank(self, shape: Shape, path: Path, lists: int) -> Field:
        told = _Drawer(None, {}).field(shape, NOTHING, path, lists + 1)
        told.is_new = True
        return told

    def _places(self, name: str, held: int) -> list[int]:
        """The rows that there are; of those that were posted, the filled ones."""
        if self._posted is None:
            return list(range(held))
        return [
            place
            for place in rows_of(self._posted, name)
            if self._posted.get(f"{name}/{place}?row") == "1"
            or is_filled(self._posted, f"{name}/{place}")
        ]

    def _choices(self, told: Field, shape: Shape, value: Any) -> None:
        offered = [True, False] if shape.kind == "boolean" else _offered(shape)
        now = self._typed(told.name, NOTHING if value is NOTHING else json.dumps(value))
        told.choices = [_choice(each, now) for each in offered]
        if now and not any(choice.chosen for choice in told.choices):
            told.choices.append(Choice(now, now, True))

    def _secret(self, told: Field, value: Any) -> None:
        """What is typed is never sent back, not even to who typed it."""
        if self._posted is not None:
            told.kept = self._posted.get(f"{told.name}?kept", "")
        elif is_reference(value):
            told.kept = str(value[REFERENCE])
        elif value not in (NOTHING, None, "", [], {}):
            told.kept = REDACTED

    def _typed(self, name: str, value: Any, indent: int | None = None) -> str:
        if self._posted is not None:
            return self._posted.get(name, "")
        if value is NOTHING:
            return ""
        return (
            value
            if isinstance(value, str) and indent is None
            else json.dumps(value, indent=indent, ensure_ascii=False)
        )

    def _has(self, name: str) -> bool:
        return self._posted is not None and name in self._posted

    def _errors(self, path: Path, *, whole: bool) -> list[str]:
        """Those of this field; of one that is asked for as a whole, those of its parts, too."""
        place = dotted(path)
        found = [self._problems.pop(place)] if path and place in self._problems else []
        for name in list(self._problems) if whole and path else ():
            if name.startswith(f"{place}."):
                found.append(f"{name.removeprefix(place)[1:]}: {self._problems.pop(name)}")
        return found


def rows_of(posted: Posted, name: str) -> list[int]:
    """Which places of a list were posted."""
    begin = f"{name}/"
    places = {
        key.removeprefix(begin).partition("/")[0].partition("?")[0]
        for key in posted
        if key.startswith(begin)
    }
    return sorted(int(place) for place in places if place.isdecimal() and len(place) < 6)


def is_filled(posted: Posted, name: str) -> bool:
    """Whether anything was typed or chosen in a row."""
    own = (name, f"{name}?json", f"{name}?kept")
    return any(
        text.strip()
        for key, text in posted.items()
        if key in own or (key.startswith(f"{name}/") and not key.endswith(MARKS))
    )


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _label(shape: Shape) -> str:
    told = shape.schema.get("title")
    return told if isinstance(told, str) and told else shape.key.replace("_", " ").capitalize()


def _help(shape: Shape) -> str:
    told = shape.schema.get("description", "")
    return told if isinstance(told, str) else ""


def _hint(shape: Shape) -> str:
    if "default" not in shape.schema or shape.kind == "secret":
        return ""
    default = shape.schema["default"]
    return default if isinstance(default, str) else json.dumps(default, ensure_ascii=False)


def _offered(shape: Shape) -> list[Any]:
    return list(shape.schema["enum"]) if "enum" in shape.schema else [shape.schema.get("const")]


def _choice(value: Any, now: str) -> Choice:
    text = json.dumps(value)
    label = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return Choice(text, label, text == now)


def _input(shape: Shape) -> tuple[str, dict[str, Any]]:
    schema = shape.schema
    if shape.kind in ("number", "integer"):
        told = {name: schema[word] for word, name in BOUNDS.items() if word in schema}
        step = schema.get("multipleOf", 1 if shape.kind == "integer" else "any")
        return "number", {**told, "step": step}
    told = {name: schema[word] for word, name in TEXT_BOUNDS.items() if word in schema}
    if "pattern" in schema:
        told["title"] = schema[
            "pattern"
        ]  # HTML's own `pattern` means the whole text, JSON Schema's a part
    return INPUTS.get(schema.get("format", ""), "text"), told
