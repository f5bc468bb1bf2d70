"""What is wrong with a plugin.yaml: every problem at once, each with its field and, where it is known, its line."""

import difflib
import json
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError

from plugins_app.errors import InvalidManifest
from plugins_app.manifest.shapes import INTERPRETERS, PYTHON
from plugins_app.manifest.text import FILE_NAME, Document, Path
from plugins_app.manifest_schema import MANIFEST

_VALIDATOR: Final = Draft202012Validator(MANIFEST)
SENTENCES: Final = {
    "minimum": "must be at least {}",
    "maximum": "must be at most {}",
    "exclusiveMinimum": "must be more than {}",
    "minItems": "must have at least {} entry",
    "minLength": "must not be empty",
    "maxLength": "must have at most {} characters",
    "uniqueItems": "must not hold the same entry twice",
}
Problem = tuple[Path, str]


def check(raw: dict[str, Any]) -> None:
    """Raises `InvalidManifest` that names every wrong field."""
    problems = list(_by_schema(raw)) or list(_beyond_schema(raw))
    if problems:
        raise _invalid(problems, raw)


def dotted(path: Iterable[str | int]) -> str:
    return ".".join(map(str, path))


def sentence(error: ValidationError) -> str:
    """jsonschema's words without the whole value, which may be long or secret."""
    value: Any = error.validator_value
    schema: Any = error.schema
    title = schema.get("title") if isinstance(schema, dict) else None
    match error.validator:
        case "type" | "pattern" if title:
            return f"must be {title}"
        case "type":
            return f"must be {' or '.join([value] if isinstance(value, str) else value)}"
        case "enum":
            return f"must be one of {', '.join(map(str, value))}"
        case "pattern":
            return f"must match {value}"
        case "required" | "additionalProperties":
            return error.message
        case name:
            return SENTENCES.get(str(name), f"breaks {name}: {{}}").format(value)


def _by_schema(raw: dict[str, Any]) -> Iterator[Problem]:
    told: set[Path] = set()
    for error in _VALIDATOR.iter_errors(raw):
        for path, words in _problems(error):
            if path not in told:
                told.add(path)
                yield path, words


def _problems(error: ValidationError) -> Iterator[Problem]:
    """One for each key that is unknown or missing: jsonschema tells all of them at their mapping."""
    here = tuple(error.absolute_path)
    schema: Any = error.schema
    found: Any = error.instance
    match error.validator:
        case "additionalProperties":
            for key in found:
                if key not in schema["properties"]:
                    yield (*here, key), _unknown(key, schema["properties"])
        case "required":
            for key in schema["required"]:
                if key not in found:
                    yield (*here, key), "is missing"
        case "pattern" if error.parent is None and "propertyNames" in error.absolute_schema_path:
            yield (*here, str(error.instance)), "is not a name of letters, digits and `_`"
        case _:
            yield here, sentence(error)


def _unknown(key: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(key, known, n=1)
    meant = close[0] if close else _PLACES.get(key, "")
    return f"is not a key{f': did you mean {meant}?' if meant else ''}"


def _places(schema: Mapping[str, Any], path: Path = ()) -> Iterator[tuple[str, str]]:
    """Where each key belongs."""
    for name, told in schema.get("properties", {}).items():
        yield name, dotted((*path, name))
        yield from _places(told, (*path, name))


# The first place counts: what stands higher up is what people mean.
_PLACES: Final = dict(reversed(list(_places(MANIFEST))))


def _beyond_schema(raw: dict[str, Any]) -> Iterator[Problem]:
    """What a schema cannot say."""
    runtime, scale = raw["runtime"], raw.get("autoscale", {})
    if not runtime.get("executable") and not runtime.get("entrypoint"):
        yield ("runtime",), "needs an entrypoint or an executable"
    elif not runtime.get("executable") and runtime.get("language") not in {PYTHON, *INTERPRETERS}:
        yield ("runtime", "executable"), "is needed unless language is python or node"
    if scale.get("minimum", 1) > scale.get("maximum", 4):
        yield ("autoscale", "minimum"), "must not exceed autoscale.maximum"
    if raw.get("network", {}).get("policy") == "hosts" and not raw["network"].get("hosts"):
        yield ("network", "hosts"), "is needed for the policy `hosts`"
    yield from _twice(raw["agents"])
    for name in ("config_schema", "agent_schema"):
        yield from _bad_schema(name, raw.get(name, {}))


def _twice(agents: list[dict[str, Any]]) -> Iterator[Problem]:
    slugs = [agent["slug"] for agent in agents]
    for place, slug in enumerate(slugs):
        if slug in slugs[:place]:
            yield ("agents", place, "slug"), "is the slug of another agent, too"


def _bad_schema(name: str, schema: dict[str, Any]) -> Iterator[Problem]:
    for path, words in _problems_of_schema(json.dumps(schema)):
        yield (name, *path), words


@lru_cache(256)
def _problems_of_schema(text: str) -> tuple[Problem, ...]:
    """Kept: a manifest is read again and again, and a schema of some hundred lines takes a tenth of a second."""
    try:
        Draft202012Validator.check_schema(json.loads(text))
    except SchemaError as error:
        return ((tuple(error.absolute_path), f"is not JSON Schema: {error.message}"),)
    return ()


def _invalid(problems: list[Problem], raw: dict[str, Any]) -> InvalidManifest:
    marks = raw if isinstance(raw, Document) else None
    fields, lines = {}, []
    for path, words in problems:
        mark = marks.mark(path) if marks is not None else None
        fields[dotted(path)] = f"{words} ({mark})" if mark else words
        lines.append((mark, f"{f'{mark}: ' if mark else ''}{dotted(path)} {words}".strip()))
    told = [line for _, line in sorted(lines, key=lambda each: each[0] or (0, 0))]
    return InvalidManifest(f"{FILE_NAME}: {'; '.join(told)}", fields=fields)
