"""What is different between two versions of a card."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

Card = dict[str, Any]
ABSENT: Final = object()
KEYS: Final = ("id", "uri", "url")  # by which the items of a list are told apart


@dataclass(frozen=True, slots=True)
class Change:
    """`path`: `skills[echo].tags`; `before` is None for what was added, `after` for what was removed."""

    path: str
    kind: Literal["added", "removed", "changed"]
    before: Any
    after: Any


def diff(old: Card, new: Card) -> list[Change]:
    """Every place where they differ, in the order of the new card. Items of lists are compared by their id."""
    return list(_compare("", old, new))


def _compare(path: str, old: Any, new: Any) -> Iterator[Change]:
    if old is ABSENT:
        yield Change(path, "added", None, new)
    elif new is ABSENT:
        yield Change(path, "removed", old, None)
    elif isinstance(old, dict) and isinstance(new, dict):
        yield from _inside(path, old, new, "{path}.{key}")
    elif (was := _by_key(old)) is not None and (now := _by_key(new)) is not None:
        yield from _inside(path, was, now, "{path}[{key}]")
    elif old != new or isinstance(old, bool) is not isinstance(new, bool):
        yield Change(path, "changed", old, new)


def _inside(path: str, old: Card, new: Card, form: str) -> Iterator[Change]:
    for key in (*new, *(gone for gone in old if gone not in new)):
        inner = form.format(path=path, key=key).lstrip(".")
        yield from _compare(inner, old.get(key, ABSENT), new.get(key, ABSENT))


def _by_key(items: Any) -> Card | None:
    """A list of objects as an object, if each has a key of its own."""
    if not isinstance(items, list) or not all(isinstance(each, dict) for each in items):
        return None
    for name in KEYS:
        keyed = {each[name]: each for each in items if isinstance(each.get(name), str)}
        if len(keyed) == len(items):
            return keyed
    return None
