"""Which parts of a configuration are secret, and what stands in their place: `{"$secret": "<name>"}`."""

import hmac
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from plugins_app.configuration.schema import Schema, below, expanded

# The SDK hides by the same rule; a test holds the two together.
SECRET_NAME: Final = re.compile(r"(key|token|secret|password|credential)s?$", re.IGNORECASE)
FORMATS: Final = ("password", "secret")
REDACTED: Final = "********"
REFERENCE: Final = "$secret"
MAX_NAME: Final = 200
Path = tuple[str | int, ...]
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sealing:
    """A configuration with references in the place of its secrets; `fresh` are the values to keep, by name."""

    config: Json
    fresh: dict[str, Any] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)


def dotted(path: Iterable[str | int]) -> str:
    return ".".join(map(str, path))


def is_reference(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() == {REFERENCE}


def field_of(name: str) -> str:
    """The field a secret was made for. Its name is that and the revision which brought it: `api_key@4`."""
    return name.rpartition("@")[0] or name


def references(value: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Every reference with where it stands."""
    if is_reference(value):
        yield path, str(value[REFERENCE])
        return
    for key, item in _children(value):
        yield from references(item, (*path, key))


def filled(value: Any, values: Mapping[str, Any]) -> Any:
    """With the secrets in their places; raises `KeyError` for one that `values` lacks."""
    if is_reference(value):
        return values[value[REFERENCE]]
    if isinstance(value, dict):
        return {key: filled(item, values) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, values) for item in value]
    return value


def masked(value: Any) -> Any:
    """For eyes: `********` in the place of every reference."""
    if is_reference(value):
        return REDACTED
    if isinstance(value, dict):
        return {key: masked(item) for key, item in value.items()}
    if isinstance(value, list):
        return [masked(item) for item in value]
    return value


def without(value: Any, names: Iterable[str]) -> Any:
    """A copy in which no field and no list has a reference to one of these."""
    gone = set(names)
    if isinstance(value, dict):
        return {key: without(item, gone) for key, item in value.items() if not _among(item, gone)}
    if isinstance(value, list):
        return [without(item, gone) for item in value if not _among(item, gone)]
    return value


def _among(value: Any, names: set[str]) -> bool:
    return is_reference(value) and value[REFERENCE] in names


def redacted(schema: Schema, config: Json) -> Json:
    """References stay; a secret in the clear, as a plugin.yaml may have one, shows only that it is set."""
    told: Json = _redacted(schema, config, list(expanded(schema, schema)))
    return told


def _redacted(root: Schema, value: Any, schemas: list[Schema]) -> Any:
    if isinstance(value, list):
        return [
            _redacted(root, item, below(root, schemas, index)) for index, item in enumerate(value)
        ]
    if not isinstance(value, dict) or is_reference(value):
        return value
    told = {}
    for key, item in value.items():
        under = below(root, schemas, key)
        told[key] = REDACTED if is_secret(key, item, under) else _redacted(root, item, under)
    return told


def is_secret(key: str, value: Any, schemas: Iterable[Schema]) -> bool:
    """Whether a value in the clear has to be hidden.

    The schema says so (`format: password` or `secret`, `writeOnly: true`), or the name of the field does, as far as the
    schema does not say otherwise (`writeOnly: false`, a choice, an object or a list of objects that it describes).
    """
    if value is None or value in ("", [], {}) or is_reference(value):
        return False
    told = list(schemas)
    if any(says_secret(schema) for schema in told):
        return True
    # A number is none: `max_tokens` is a setting that operators must see.
    if isinstance(value, int | float) or SECRET_NAME.search(key) is None:
        return False
    return not any(_says_plain(schema) for schema in told)


def says_secret(schema: Schema) -> bool:
    return schema.get("format") in FORMATS or schema.get("writeOnly") is True


def looks_secret(key: str, schemas: Iterable[Schema]) -> bool:
    """Whether a text in this field would be taken for a secret."""
    return is_secret(key, REDACTED, schemas)


def _says_plain(schema: Schema) -> bool:
    items = schema.get("items")
    inside = items if isinstance(items, dict) else {}
    return (
        schema.get("writeOnly") is False
        or "enum" in schema
        or "const" in schema
        or "properties" in schema
        or "properties" in inside
    )


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
            key: self._child(key, item, _at(held, key), below(self._root, schemas, key), path)
            for key, item in _children(value)
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
    told = (json.dumps(each, sort_keys=True).encode() for each in (one, other))
    return hmac.compare_digest(*told)


def _number(name: str) -> int:
    number = name.rpartition("@")[2]
    return int(number) if number.isdigit() else 0


def _children(value: Any) -> Iterator[tuple[str | int, Any]]:
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list):
        yield from enumerate(value)


def _at(held: Any, key: str | int) -> Any:
    if isinstance(held, dict):
        return held.get(key)
    if isinstance(held, list) and isinstance(key, int) and key < len(held):
        return held[key]
    return None
