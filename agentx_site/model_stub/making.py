"""A value made up for a JSON Schema. Pure."""

from collections.abc import Mapping
from typing import Any

DEEPEST = 12  # a schema may hold itself
MOST = 200_000  # values and characters for one schema: one that holds itself ten times would want 10 to the 12th
FORMATS = {
    "date-time": "2026-01-01T00:00:00Z",
    "date": "2026-01-01",
    "time": "00:00:00Z",
    "uri": "https://example.com/",
    "email": "ann@example.com",
    "uuid": "00000000-0000-4000-8000-000000000000",
}
Json = Mapping[str, Any]


def made(schema: Any, text: str) -> Any:
    """A value that fits: strings are `text`, numbers 1, of a choice the first. Of a schema that wants too much, a part."""
    whole = schema if isinstance(schema, Mapping) else {}
    return _Making(text, whole).value(whole, 0)


class _Making:
    """One value. `left`: what it may still grow by."""

    def __init__(self, text: str, whole: Json) -> None:
        self._text = text
        self._whole = whole
        self._left = MOST + len(text)

    def value(self, schema: Json, depth: int) -> Any:
        self._left -= 1
        if depth > DEEPEST or self._left < 0:
            return None
        schema = _meant(schema, self._whole)
        for name in ("const", "default"):
            if name in schema:
                return self._told(schema[name])
        if schema.get("enum"):
            return self._told(schema["enum"][0])
        match _type(schema):
            case "object":
                return self._object(schema, depth)
            case "array":
                return self._array(schema, depth)
            case "integer" | "number":
                return _number(schema)
            case "boolean":
                return True
            case "null":
                return None
            case _:
                return self._string(schema)

    def _told(self, value: Any) -> Any:
        self._left -= len(str(value))
        return value

    def _object(self, schema: Json, depth: int) -> dict[str, Any]:
        """What it requires; all it knows when it requires nothing."""
        known = schema.get("properties") or {}
        wanted = [name for name in schema.get("required") or known if name in known]
        return {name: self.value(known[name], depth + 1) for name in wanted if self._left > 0}

    def _array(self, schema: Json, depth: int) -> list[Any]:
        items = schema.get("items")
        if not isinstance(items, Mapping) or schema.get("maxItems") == 0:
            return []
        made = []
        for _ in range(max(1, int(schema.get("minItems") or 0))):
            if self._left <= 0:
                break
            made.append(self.value(items, depth + 1))
        return made

    def _string(self, schema: Json) -> str:
        if schema.get("format") in FORMATS:
            return FORMATS[schema["format"]]
        cut = self._text[: schema.get("maxLength", len(self._text))][: max(0, self._left)]
        told = cut.ljust(min(schema.get("minLength", 0), max(0, self._left)), ".")
        self._left -= len(told)
        return told


def _meant(schema: Json, whole: Json) -> Json:
    """What stands behind a reference or a choice."""
    for _ in range(DEEPEST):
        if "$ref" in schema:
            schema = _found(str(schema["$ref"]), whole)
        elif choice := schema.get("anyOf") or schema.get("oneOf"):
            schema = next((each for each in choice if each.get("type") != "null"), choice[0])
        elif parts := schema.get("allOf"):
            rest = {name: value for name, value in schema.items() if name != "allOf"}
            schema = {name: value for part in (*parts, rest) for name, value in part.items()}
        else:
            break
    return schema


def _found(reference: str, whole: Json) -> Json:
    found: Any = whole
    for step in reference.removeprefix("#").split("/")[1:]:
        found = found.get(step, {}) if isinstance(found, Mapping) else {}
    return found if isinstance(found, Mapping) else {}


def _type(schema: Json) -> str:
    told = schema.get("type")
    if isinstance(told, list):
        told = next((each for each in told if each != "null"), "null")
    return str(told or ("object" if "properties" in schema else "string"))


def _number(schema: Json) -> Any:
    least, most = schema.get("minimum", 1), schema.get("maximum", 1)
    return max(least, min(1, most))
