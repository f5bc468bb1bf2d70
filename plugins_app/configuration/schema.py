"""Walk down a JSON Schema beside a value. Pure; local references only, and no deeper than people nest."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

Schema = dict[str, Any]
MAX_DEPTH: Final = 64
BRANCHES: Final = ("allOf", "anyOf", "oneOf")
CONDITIONS: Final = ("if", "then", "else")


def expanded(root: Schema, schema: Any) -> Iterator[Schema]:
    """The schema and whatever else speaks of the same value: what it refers to, its branches."""
    waiting, seen = [schema], set[int]()
    while waiting and len(seen) < MAX_DEPTH:
        each = waiting.pop(0)
        if not isinstance(each, dict) or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        waiting.append(referred(root, each))
        for word in BRANCHES:
            waiting += each[word] if isinstance(each.get(word), list) else []
        waiting += [each.get(word) for word in CONDITIONS]


def below(root: Schema, schemas: Iterable[Schema], key: str | int) -> list[Schema]:
    """What is said of the value under this key, or at this place of a list."""
    found: list[Schema] = []
    for schema in schemas:
        inner = _item(schema, key) if isinstance(key, int) else _property(schema, key)
        found += expanded(root, inner)
    return found


def referred(root: Schema, schema: Schema) -> Schema | None:
    """What `$ref` points at, within the same document."""
    target = schema.get("$ref")
    if not isinstance(target, str) or not target.startswith("#"):
        return None
    found: Any = root
    for step in target.removeprefix("#").split("/")[1:]:
        step = step.replace("~1", "/").replace("~0", "~")
        found = found.get(step) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else None


def _property(schema: Schema, key: str) -> Any:
    properties = schema.get("properties")
    if isinstance(properties, dict) and key in properties:
        return properties[key]
    return schema.get("additionalProperties")


def _item(schema: Schema, index: int) -> Any:
    first = schema.get("prefixItems")
    if isinstance(first, list) and index < len(first):
        return first[index]
    return schema.get("items")
