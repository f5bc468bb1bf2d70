"""What is wrong with a configuration, by dotted field, in words that never hold its values."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from referencing.exceptions import Unresolvable
from referencing.jsonschema import EMPTY_REGISTRY

from plugins_app.configuration.secrets import Path, dotted, references

# jsonschema's own sentences about these name keys, no values.
ITS_WORDS: Final = ("additionalProperties", "dependentRequired", "unevaluatedProperties")
SENTENCES: Final = {
    "minimum": "must be at least {}",
    "maximum": "must be at most {}",
    "exclusiveMinimum": "must be more than {}",
    "exclusiveMaximum": "must be less than {}",
    "multipleOf": "must be a multiple of {}",
    "minLength": "must have at least {} characters",
    "maxLength": "must have at most {} characters",
    "minItems": "must have at least {} entries",
    "maxItems": "must have at most {} entries",
    "minProperties": "must have at least {} fields",
    "maxProperties": "must have at most {} fields",
    "pattern": "must match {}",
    "format": "must be a {}",
    "const": "must be {}",
    "uniqueItems": "must not hold the same entry twice",
    "oneOf": "fits none, or more than one, of the forms it may have",
    "anyOf": "fits none of the forms it may have",
    "not": "has a form it must not have",
}


def problems(schema: dict[str, Any], config: Any) -> dict[str, str]:
    """Empty when nothing is wrong. Whatever a reference stands for is not judged: fill them in to have it judged.

    Checked is `{"type": "object", **schema}` by JSON Schema 2020-12, with its formats as far as they can be told here.
    """
    validator = Draft202012Validator(
        {"type": "object", **schema},
        format_checker=Draft202012Validator.FORMAT_CHECKER,
        registry=EMPTY_REGISTRY,  # else a `$ref` would be fetched from wherever it points
    )
    unknown = [path for path, _ in references(config)]
    found: dict[str, str] = {}
    try:
        for error in validator.iter_errors(config):
            if _about(error, unknown):
                continue
            for cause in _causes(error):
                if not _about(cause, unknown):
                    for path, sentence in _told(cause):
                        found.setdefault(dotted(path), sentence)
    except Unresolvable:
        found[""] = "cannot be checked: its schema refers to something that is not in it"
    return found


def _about(error: ValidationError, unknown: Iterable[Path]) -> bool:
    """Whether it speaks of a reference, or of something whose form depends on one."""
    place = tuple(error.absolute_path)
    vague = error.validator in ("oneOf", "anyOf", "not", "uniqueItems", "const", "enum")
    return any(
        place[: len(path)] == path or (vague and path[: len(place)] == place) for path in unknown
    )


def _causes(error: ValidationError) -> Iterator[ValidationError]:
    """Of several forms, what is wrong with the one that is meant, when its type leaves no doubt which that is."""
    forms: dict[Any, list[ValidationError]] = {}
    for each in error.context or () if error.validator in ("anyOf", "oneOf") else ():
        forms.setdefault(each.schema_path[0], []).append(each)
    meant = [form for form in forms.values() if not any(map(_is_of_another_type, form))]
    if len(meant) != 1:
        yield error
        return
    for each in meant[0]:
        yield from _causes(each)


def _is_of_another_type(error: ValidationError) -> bool:
    return not error.relative_path and error.validator in ("type", "const", "enum")


def _told(error: ValidationError) -> Iterator[tuple[Path, str]]:
    place = tuple(error.absolute_path)
    if error.validator == "required":
        held = error.instance if isinstance(error.instance, dict) else {}
        names: Any = error.validator_value
        yield from (((*place, name), "is required") for name in names if name not in held)
        return
    yield place, _sentence(error)


def _sentence(error: ValidationError) -> str:
    value: Any = error.validator_value
    match error.validator:
        case "type":
            return f"must be {' or '.join([value] if isinstance(value, str) else value)}"
        case "enum":
            return f"must be one of {', '.join(map(str, value))}"
        case name if name in ITS_WORDS:
            return error.message
        case name if name in SENTENCES:
            return SENTENCES[str(name)].format(value)
        case name:
            # Of the schema `false`, jsonschema names no rule and no place.
            return f"breaks {name}" if name else "holds a field that must not be set"
