"""From type annotations to JSON Schema."""

import enum
import inspect
import types
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Union, get_args, get_origin

from agentx_sdk.typed.fields import MISSING, Entry, entries_of, is_pydantic, unwrapped
from agentx_sdk.typed.values import is_json, plain

TYPES: dict[Any, str] = {bool: "boolean", int: "integer", float: "number", str: "string"}
ARRAYS = (list, tuple, set, frozenset, Sequence)


def schema_of(told: Any) -> dict[str, Any]:
    """The JSON Schema of a type. Raises TypeError for what JSON cannot hold."""
    base, fields = unwrapped(told)
    schema = _schema(base)
    for field in fields:
        schema = {**schema, **field.schema()}
    return schema


def object_schema(entries: Sequence[Entry], description: str = "") -> dict[str, Any]:
    """The JSON Schema of an object with these fields."""
    properties = {}
    for entry in entries:
        properties[entry.name] = schema_of(entry.type)
        if entry.default is not MISSING and is_json(entry.default):
            properties[entry.name]["default"] = plain(entry.default)
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    if description:
        schema["description"] = description
    if required := [entry.name for entry in entries if entry.required]:
        schema["required"] = required
    return {**schema, "additionalProperties": False}


def _schema(base: Any) -> dict[str, Any]:
    origin, inner = get_origin(base), get_args(base)
    if base is Any:
        return {}
    if base is None or base is type(None):
        return {"type": "null"}
    if base in TYPES:
        return {"type": TYPES[base]}
    if origin is Literal:
        return {"enum": list(inner)}
    if origin in (Union, types.UnionType):
        some = [each for each in inner if each is not type(None)]
        return (
            schema_of(some[0]) if len(some) == 1 else {"anyOf": [schema_of(each) for each in some]}
        )
    if (origin or base) in ARRAYS:
        return _array_schema(origin or base, inner)
    if (origin or base) in (dict, Mapping):
        return _dict_schema(inner)
    return _class_schema(base)


def _array_schema(origin: Any, inner: tuple[Any, ...]) -> dict[str, Any]:
    if origin is tuple and inner and inner[-1] is not Ellipsis:
        items = [schema_of(each) for each in inner]
        return {"type": "array", "prefixItems": items, "minItems": len(items), "items": False}
    schema: dict[str, Any] = {"type": "array"}
    if inner:
        schema["items"] = schema_of(inner[0])
    return {**schema, "uniqueItems": True} if origin in (set, frozenset) else schema


def _dict_schema(inner: tuple[Any, ...]) -> dict[str, Any]:
    if inner and inner[0] is not str:
        raise TypeError("the keys of an object are strings")
    more = {"additionalProperties": schema_of(inner[1])} if inner else {}
    return {"type": "object", **more}


def _class_schema(base: Any) -> dict[str, Any]:
    if is_pydantic(base):
        told: dict[str, Any] = base.model_json_schema()
        return told
    if isinstance(base, type) and issubclass(base, enum.Enum):
        return {"enum": [member.value for member in base]}
    return object_schema(entries_of(base), _words_of(base))


def _words_of(told: Any) -> str:
    """The first paragraph of its docstring, unless a dataclass wrote it."""
    text = inspect.cleandoc(told.__dict__.get("__doc__") or "")
    return "" if text.startswith(f"{told.__name__}(") else text.partition("\n\n")[0]
