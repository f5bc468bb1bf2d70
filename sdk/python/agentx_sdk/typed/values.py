"""Values as JSON can hold them."""

import dataclasses
import enum
import json
from collections.abc import Mapping
from typing import Any

from agentx_sdk.typed.fields import is_pydantic


def plain(value: Any) -> Any:
    """A value as JSON can hold it: dataclasses, models, enums and sets in their plain forms."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if is_pydantic(type(value)):
        return value.model_dump(mode="json")
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(each) for each in value]
    return value


def is_json(value: Any) -> bool:
    try:
        json.dumps(plain(value), allow_nan=False)
    except (TypeError, ValueError):
        return False
    return value is not None


def secret_names(schema: Any) -> set[str]:
    """The names of all properties that a schema calls secret."""
    found: set[str] = set()
    if isinstance(schema, dict):
        for name, told in (schema.get("properties") or {}).items():
            if isinstance(told, dict) and (
                told.get("writeOnly") or told.get("format") == "password"
            ):
                found.add(name)
        for inner in schema.values():
            found |= secret_names(inner)
    elif isinstance(schema, list):
        found = set().union(*map(secret_names, schema)) if schema else found
    return found
