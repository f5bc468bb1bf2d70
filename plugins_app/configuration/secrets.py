"""Which parts of a configuration are secret, and what stands in their place: `{"$secret": "<name>"}`."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from plugins_app.configuration.schema import Schema, below, expanded

# The SDK hides by the same rule; a test holds the two together.
SECRET_NAME: Final = re.compile(r"(key|token|secret|password|credential)s?$", re.IGNORECASE)
FORMATS: Final = ("password", "secret")
REDACTED: Final = "********"
REFERENCE: Final = "$secret"
MAX_NAME: Final = 200
SHORTEST_HIDDEN: Final = 3  # shorter texts are in every sentence
Path = tuple[str | int, ...]
Json = dict[str, Any]


class Hidden(str):
    """A secret text. It goes over the wire as any other, and shows itself in no `repr`, as logs and tracebacks write."""

    __slots__ = ()

    def __repr__(self) -> str:
        return REDACTED


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
    for key, item in children(value):
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


def hidden(value: Any) -> Any:
    """A copy of a secret in which every text knows that it is one."""
    if isinstance(value, str):
        return Hidden(value)
    if isinstance(value, dict):
        return {key: hidden(item) for key, item in value.items()}
    return [hidden(item) for item in value] if isinstance(value, list) else value


def hidden_texts(config: Any) -> list[str]:
    """Every text of a configuration with its values that is secret, the longest first."""
    return sorted(set(_hidden_in(config)), key=len, reverse=True)


def _hidden_in(value: Any) -> Iterator[str]:
    if isinstance(value, Hidden) and len(value) >= SHORTEST_HIDDEN:
        yield str(value)
    for _key, item in children(value):
        yield from _hidden_in(item)


def scrubbed(text: str, hidden: Iterable[str]) -> str:
    """A sentence in which no such text stands: a plugin may quote what it refuses."""
    for each in hidden:
        text = text.replace(each, REDACTED)
    return text


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


def children(value: Any) -> Iterator[tuple[str | int, Any]]:
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list):
        yield from enumerate(value)


def at(held: Any, key: str | int) -> Any:
    if isinstance(held, dict):
        return held.get(key)
    if isinstance(held, list) and isinstance(key, int) and key < len(held):
        return held[key]
    return None
