"""What differs between two configurations, by dotted field."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from plugins_app.configuration.secrets import Json, Path, dotted, is_reference, masked


@dataclass(frozen=True, slots=True)
class Change:
    """`before` and `after` are for eyes: secrets are ********. None where there is nothing."""

    path: str  # dotted
    kind: Literal["added", "removed", "changed"]
    before: Any
    after: Any


def changes(before: Json, after: Json) -> list[Change]:
    """In the order of the fields; of a list of objects each entry is compared with the one at its place."""
    return list(_differences(before, after, ()))


def _differences(before: Any, after: Any, path: Path) -> Iterator[Change]:
    pair = _alike(before, after)
    if pair is None:
        if not same(before, after):
            yield Change(dotted(path), "changed", masked(before), masked(after))
        return
    old, new = pair
    for key in [*old, *(key for key in new if key not in old)]:
        under = (*path, key)
        if key not in new:
            yield Change(dotted(under), "removed", masked(old[key]), None)
        elif key not in old:
            yield Change(dotted(under), "added", None, masked(new[key]))
        else:
            yield from _differences(old[key], new[key], under)


def same(one: Any, other: Any) -> bool:
    """As JSON: 1 is not true."""
    return as_json(one) == as_json(other)


def as_json(value: Any) -> str:
    """One text for one value."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _alike(before: Any, after: Any) -> tuple[dict[Any, Any], dict[Any, Any]] | None:
    """Both by key, when they can be compared part by part."""
    if is_reference(before) or is_reference(after):
        return None
    if isinstance(before, dict) and isinstance(after, dict):
        return before, after
    if isinstance(before, list) and isinstance(after, list) and _holds_objects([*before, *after]):
        return dict(enumerate(before)), dict(enumerate(after))
    return None


def _holds_objects(items: list[Any]) -> bool:
    return bool(items) and all(isinstance(item, dict) for item in items)
