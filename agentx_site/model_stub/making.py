"""A value made up for a JSON Schema. Pure."""

from collections.abc import Mapping
from typing import Any

DEEPEST = 12  # a schema may hold itself
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
    """A value that fits: strings are `text`, numbers 1, of a choice the first."""
    whole = schema if isinstance(schema, Mapping) else {}
    return _made(whole, text, whole, 0)


def _made(schema: Json, text: str, whole: Json, depth: int) -> Any:
    if depth > DEEPEST:
        return None
    schema = _meant(schema, whole)
    for name in ("const", "default"):
        if name in schema:
            return schema[name]
    if schema.get("enum"):
        return schema["enum"][0]
    match _type(schema):
        case "object":
            return _object(schema, text, whole, depth)
        case "array":
            return _array(schema, text, whole, depth)
        case "integer" | "number":
            return _number(schema)
        case "boolean":
            return True
        case "null":
            return None
        case _:
            return _string(schema, text)


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


def _object(schema: Json, text: str, whole: Json, depth: int) -> dict[str, Any]:
    """What it requires; all it knows when it requires nothing."""
    known = schema.get("properties") or {}
    wanted = [name for name in schema.get("required") or known if name in known]
    return {name: _made(known[name], text, whole, depth + 1) for name in wanted}


def _array(schema: Json, text: str, whole: Json, depth: int) -> list[Any]:
    items = schema.get("items")
    if not isinstance(items, Mapping) or schema.get("maxItems") == 0:
        return []
    one = _made(items, text, whole, depth + 1)
    return [one] * max(1, int(schema.get("minItems") or 0))


def _number(schema: Json) -> Any:
    least, most = schema.get("minimum", 1), schema.get("maximum", 1)
    return max(least, min(1, most))


def _string(schema: Json, text: str) -> str:
    if schema.get("format") in FORMATS:
        return FORMATS[schema["format"]]
    cut = text[: schema.get("maxLength", len(text))]
    return cut.ljust(schema.get("minLength", 0), ".")
