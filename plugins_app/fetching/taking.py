"""Other registries for doors that wait: web requests, before any service is called."""

import asyncio
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from django.db import connection
from django.utils.translation import gettext as _

from plugins_app.errors import InvalidRegistry, PackageNotFound
from plugins_app.fetching.registries import Registry, registries, registry_named
from plugins_app.packages.index import Entry

REMEMBERED_SECONDS: Final = 30.0  # an index that pages show again and again
Waited = TypeVar("Waited")
_seen: dict[Registry, tuple[float, list[Entry]]] = {}


@dataclass(frozen=True, slots=True)
class Taken:
    """A package as a registry had it, and what its index says of it."""

    registry: str
    entry: Entry
    content: bytes


def take(name: str, spec: str = "", *, registry: str = "") -> Taken:
    """Fetch a package from the registry of this name, or from the first that has it.

    Raises `PackageNotFound`, `InvalidRegistry`.
    """
    asked = [registry_named(registry)] if registry else registries()
    if not asked:
        told = _(
            "Neither this AgentX's registry nor a plugin that ships with it is called %(name)r."
        )
        raise PackageNotFound(told % {"name": name[:100]})
    return _waited(_first(asked, name, spec))


def entries_of(registry: Registry) -> list[Entry]:
    """What its index lists, at most half a minute old. Raises `InvalidRegistry`."""
    known = _seen.get(registry)
    if known is not None and time.monotonic() - known[0] < REMEMBERED_SECONDS:
        return known[1]
    entries = _waited(registry.entries())
    _seen[registry] = (time.monotonic(), entries)
    return entries


async def _first(asked: list[Registry], name: str, spec: str) -> Taken:
    """The last one's refusal, when none has it."""
    for number, each in enumerate(asked, start=1):
        try:
            entry = await each.find(name, spec)
            return Taken(each.name, entry, await each.fetch(entry))
        except (PackageNotFound, InvalidRegistry):
            if number == len(asked):
                raise
    raise AssertionError("unreachable")


def _waited(work: Coroutine[Any, Any, Waited]) -> Waited:
    """Wait for the network without holding a database connection."""
    if not connection.in_atomic_block:
        connection.close()
    return asyncio.run(work)
