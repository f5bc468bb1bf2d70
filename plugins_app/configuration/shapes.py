"""How each part of a configuration is asked for in a form, from its JSON Schema."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from plugins_app.configuration.schema import Schema, referred
from plugins_app.configuration.secrets import looks_secret, says_secret

Kind = Literal[
    "object",
    "text",
    "long",
    "secret",
    "number",
    "integer",
    "boolean",
    "choice",
    "mixed",
    "list",
    "rows",
    "json",
]
MAX_DEPTH: Final = 8
MAX_FIELDS: Final = 400  # a schema that unfolds into more is asked for as JSON from there on
LONG: Final = 200  # characters: more are not for one line
SCALARS: Final = ("text", "secret", "number", "integer", "boolean", "choice", "mixed")
LONG_FORMATS: Final = ("textarea", "multiline", "markdown")
LONG_KEYS: Final = (
    "instructions",
    "prompt",
    "system_prompt",
    "backstory",
    "goal",
    "expected_output",
)
FIRST: Final = ("instructions", "model", "tools")  # what an agent is made of, before its details
ANNOTATIONS: Final = ("title", "description", "default")


@dataclass(frozen=True, slots=True)
class Shape:
    """One field. `properties` of an object, `item` of a list; `rest`: an object may hold fields that are not described.

    What is `mixed` is a text, or an object: typed as JSON.
    """

    kind: Kind
    key: str
    schema: Schema
    required: bool = False
    properties: Mapping[str, "Shape"] = field(default_factory=dict)
    item: "Shape | None" = None
    rest: bool = False


def shape_of(schema: Schema) -> Shape:
    """The whole configuration: always an object."""
    return _Builder(schema).object(_resolved(schema, schema), "", True, 0, frozenset())


class _Builder:
    def __init__(self, root: Schema) -> None:
        self._root = root
        self._left = MAX_FIELDS

    def shape(
        self, schema: Any, key: str, required: bool, depth: int, above: frozenset[str]
    ) -> Shape:
        self._left -= 1
        if not isinstance(schema, dict):
            return Shape("json", key, {}, required)
        target = schema.get("$ref", "")
        told = _resolved(self._root, schema)
        if target in above or depth > MAX_DEPTH or self._left < 0:
            return Shape("json", key, _annotations(told), required)
        inside = above | {target} if target else above
        kind = _kind(key, told)
        match kind:
            case "object":
                return self.object(told, key, required, depth, inside)
            case "list":
                return self._list(told, key, required, depth, inside)
        return Shape(kind, key, told, required)

    def object(
        self, schema: Schema, key: str, required: bool, depth: int, above: frozenset[str]
    ) -> Shape:
        described = schema.get("properties")
        needed = schema.get("required", ())
        properties = {
            name: self.shape(inner, name, name in needed, depth + 1, above)
            for name, inner in (described if isinstance(described, dict) else {}).items()
            if inner is not False
        }
        rest = schema.get("additionalProperties", True) is not False
        return Shape("object", key, schema, required, _ordered(properties), rest=rest)

    def _list(
        self, schema: Schema, key: str, required: bool, depth: int, above: frozenset[str]
    ) -> Shape:
        item = self.shape(schema.get("items"), "", False, depth + 1, above)
        if item.kind == "object" and item.properties:
            return Shape("rows", key, schema, required, item=item)
        if item.kind in SCALARS:
            return Shape("list", key, schema, required, item=item)
        return Shape("json", key, schema, required)


def _ordered(properties: dict[str, Shape]) -> dict[str, Shape]:
    """What is needed first, what is a group of fields last; jsonb forgets the order that an author gave."""
    keys = sorted(
        properties,
        key=lambda name: (
            properties[name].kind in ("object", "list", "rows", "json") and name not in FIRST,
            not properties[name].required,
            FIRST.index(name) if name in FIRST else len(FIRST),
            name,
        ),
    )
    return {key: properties[key] for key in keys}


def _kind(key: str, schema: Schema) -> Kind:
    if says_secret(schema):
        return "secret"
    if "enum" in schema or "const" in schema:
        return "choice"
    match _type(schema):
        case "boolean":
            return "boolean"
        case "integer":
            return "integer"
        case "number":
            return "number"
        case "string":
            return _text_kind(key, schema)
        case "array" if not looks_secret(key, [schema]) and "prefixItems" not in schema:
            return "list"
        case "object" if isinstance(schema.get("properties"), dict):
            return "object"
        case "object" | "array" if looks_secret(key, [schema]):
            return "secret"
    return "mixed" if _is_mixed(schema) and not looks_secret(key, [schema]) else "json"


def _is_mixed(schema: Schema) -> bool:
    """`anyOf: [string, object]`: a thing by its name, or described."""
    branches = schema.get("anyOf") or schema.get("oneOf")
    if not isinstance(branches, list) or not all(isinstance(each, dict) for each in branches):
        return False
    return {_type(each) for each in branches} - {"null"} == {"string", "object"}


def _text_kind(key: str, schema: Schema) -> Kind:
    if looks_secret(key, [schema]):
        return "secret"
    long = schema.get("format") in LONG_FORMATS or schema.get("maxLength", 0) > LONG
    long = long or (key in LONG_KEYS and "maxLength" not in schema)
    return "long" if long or "\n" in str(schema.get("default", "")) else "text"


def _type(schema: Schema) -> str:
    """Of several, the one that is not null; none where there is no one such."""
    told = schema.get("type")
    if isinstance(told, list):
        rest = [each for each in told if each != "null"]
        told = rest[0] if len(rest) == 1 else None
    if told is None and isinstance(schema.get("properties"), dict):
        return "object"
    return told if isinstance(told, str) else ""


def _resolved(root: Schema, schema: Schema) -> Schema:
    """With what it refers to, and without what only says that it may be null."""
    told = schema
    for _step in range(MAX_DEPTH):
        if inner := referred(root, told):
            told = {**inner, **{k: v for k, v in told.items() if k != "$ref"}}
        elif inner := _only_branch(told):
            told = {
                **inner,
                **{k: v for k, v in told.items() if k not in ("anyOf", "oneOf", "allOf")},
            }
        else:
            break
    return told


def _only_branch(schema: Schema) -> Schema | None:
    """`anyOf: [X, null]`, as generators write an optional X, and `allOf: [X]`."""
    for word in ("anyOf", "oneOf", "allOf"):
        branches = schema.get(word)
        if isinstance(branches, list) and "type" not in schema and "properties" not in schema:
            rest = [each for each in branches if each != {"type": "null"}]
            if len(rest) == 1 and isinstance(rest[0], dict):
                return rest[0]
    return None


def _annotations(schema: Schema) -> Schema:
    return {name: schema[name] for name in ANNOTATIONS if name in schema}
