"""Take the secrets out of a configuration that somebody sent, and put references in their places."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from plugins_app.configuration.changes import as_json
from plugins_app.configuration.schema import Schema, below, expanded
from plugins_app.configuration.secrets import (
    MAX_NAME,
    REDACTED,
    REFERENCE,
    Json,
    Path,
    at,
    children,
    dotted,
    field_of,
    is_reference,
    is_secret,
    looks_secret,
)


@dataclass(frozen=True, slots=True)
class Sealing:
    """A configuration with references in the place of its secrets; `fresh` are the values to keep, by name."""

    config: Json
    fresh: dict[str, Any] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)


def taken_out(
    schema: Schema,
    config: Json,
    *,
    held: Json,
    known: Mapping[str, Any],
    revision: int,
    also: frozenset[str] = frozenset(),
) -> Sealing:
    """Put references in the place of secrets. `held` is the configuration until now, `known` its secrets' values.

    `********` keeps what is there; a value that is the same as before keeps its reference. `also`: dotted fields that
    are secret whatever their schema says. A new secret gets the number of the revision it comes with, so that older
    revisions go on meaning what they meant.
    """
    work = _Sealer(schema, known, revision, also)
    told = work.walk(config, held, list(expanded(schema, schema)), ())
    return Sealing(told, work.fresh, work.problems)


class _Sealer:
    def __init__(
        self, root: Schema, known: Mapping[str, Any], revision: int, also: frozenset[str]
    ) -> None:
        self.fresh: dict[str, Any] = {}
        self.problems: dict[str, str] = {}
        self._root = root
        self._known = known
        self._revision = revision
        self._also = also

    def walk(self, value: Any, held: Any, schemas: list[Schema], path: Path) -> Any:
        if isinstance(value, dict) and REFERENCE in value:
            self.problems[dotted(path)] = f"{REFERENCE} may stand only in a secret field"
            return value
        if not isinstance(value, dict | list):
            return value
        told = {
            key: self._child(key, item, at(held, key), below(self._root, schemas, key), path)
            for key, item in children(value)
        }
        return told if isinstance(value, dict) else list(told.values())

    def _child(
        self, key: str | int, item: Any, held: Any, schemas: list[Schema], above: Path
    ) -> Any:
        path = (*above, key)
        forced = dotted(path) in self._also
        if isinstance(item, dict) and REFERENCE in item:
            return self._referred(item, forced or looks_secret(str(key), schemas), path)
        if forced or is_secret(str(key), item, schemas):
            return self._sealed(item, held, path)
        if item == REDACTED and is_reference(held):
            return held
        return self.walk(item, held, schemas, path)

    def _referred(self, item: Json, fits: bool, path: Path) -> Any:
        """A reference that somebody wrote: by its whole name, or by its field for the newest."""
        where, name = dotted(path), item[REFERENCE]
        if not is_reference(item) or not isinstance(name, str):
            self.problems[where] = f'must be {{"{REFERENCE}": "<name>"}} and nothing else'
            return item
        if name not in self._known:
            name = self._newest(name) or name
        if name not in self._known:
            self.problems[where] = f"there is no secret {name[:MAX_NAME]!r}: set it first"
        elif not fits and field_of(name) != where:
            # Else a field that is shown, or sent somewhere, could tell what the secret is.
            self.problems[where] = "is no secret field, so no secret may stand in it"
        return {REFERENCE: name}

    def _newest(self, name: str) -> str | None:
        found = [each for each in self._known if field_of(each) == name]
        return max(found, key=_number, default=None)

    def _sealed(self, item: Any, held: Any, path: Path) -> Any:
        where = dotted(path)
        if item == REDACTED:
            if any(isinstance(step, int) for step in path):
                # Lists change their order: which one is meant cannot be told.
                self.problems[where] = (
                    f'in a list {REDACTED} is not clear: send {{"{REFERENCE}": …}}'
                )
                return item
            if not held:
                self.problems[where] = f"there is nothing that {REDACTED} could keep"
                return item
            if is_reference(held):
                return held
            item = held
        if is_reference(held) and _same(self._known.get(held[REFERENCE]), item):
            return held
        name = f"{where}@{self._revision}"
        if len(name) > MAX_NAME:
            self.problems[where] = "lies too deep for a secret"
        self.fresh[name] = item
        return {REFERENCE: name}


def _same(one: Any, other: Any) -> bool:
    return hmac.compare_digest(as_json(one).encode(), as_json(other).encode())


def _number(name: str) -> int:
    number = name.rpartition("@")[2]
    return int(number) if number.isdigit() else 0
