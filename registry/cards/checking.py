"""Whether a card is one, and if not, which field is wrong."""

from collections.abc import Iterable
from typing import Any, Final

import rfc8785
from jsonschema import Draft202012Validator, ValidationError

from registry.cards.schema import CARD, STATEMENT, Schema
from registry.errors import BadCard

Card = dict[str, Any]
MAX_DEPTH: Final = 32  # of what extensions carry in `params`
MAX_BYTES: Final = 512 * 1024
MAX_TOLD: Final = 10  # problems named in one refusal

NAMES: Final = {
    "string": "a text",
    "array": "a list",
    "object": "an object",
    "boolean": "true or false",
}
_VALIDATORS: Final = {id(schema): Draft202012Validator(schema) for schema in (CARD, STATEMENT)}


def validate_card(card: Any) -> None:
    """Raise `BadCard` naming each field of an A2A 1.0 card that is wrong (the first ten)."""
    _validate(card, CARD)


def validate_statement(said: Any) -> None:
    """The same for what AgentX keeps of an agent's word."""
    _validate(said, STATEMENT)


def _validate(card: Any, schema: Schema) -> None:
    if depth_of(card) > MAX_DEPTH:
        raise BadCard(f"A card may be nested at most {MAX_DEPTH} deep.")
    problems: dict[str, str] = {}
    for error in _VALIDATORS[id(schema)].iter_errors(card):
        for path, problem in _problems(error):
            problems.setdefault(path, problem)
    if problems:
        named = dict(list(problems.items())[:MAX_TOLD])
        told = "; ".join(f"{path or 'the card'} {problem}" for path, problem in named.items())
        raise BadCard(f"This is no A2A agent card: {told}.", fields=named)
    try:
        size = len(rfc8785.dumps(card))
    except (rfc8785.CanonicalizationError, ValueError, UnicodeError) as error:
        raise BadCard(f"A card that cannot be signed: {error}.") from None
    if size > MAX_BYTES:
        raise BadCard(f"A card may have at most {MAX_BYTES} bytes; this one has {size}.")


def depth_of(value: Any) -> int:
    """How many objects and lists are open at the deepest place. Does not recurse: it is asked before anything does."""
    deepest, level = 0, [value]
    while level := [each for each in level if isinstance(each, dict | list)]:
        deepest += 1
        level = [inner for each in level for inner in _inside(each)]
        if deepest > MAX_DEPTH:
            break
    return deepest


def _inside(holder: Any) -> Iterable[Any]:
    return holder.values() if isinstance(holder, dict) else holder


def _problems(error: ValidationError) -> Iterable[tuple[str, str]]:
    """Dotted path and what is wrong there."""
    path = path_of(error.absolute_path)
    limit: Any = error.validator_value
    if error.validator == "required":
        present = error.instance if isinstance(error.instance, dict) else {}
        for name in limit:
            if name not in present:
                yield f"{path}.{name}".lstrip("."), "is missing"
        return
    yield path, _sentence(error)


def _sentence(error: ValidationError) -> str:
    limit: Any = error.validator_value
    match error.validator:
        case "type":
            return f"must be {NAMES.get(limit, limit)}"
        case "pattern" if limit == r"\S":
            return "must be a text that is not empty"
        case "pattern":
            return "must be a URL"
        case "minItems":
            return "must be a list that is not empty"
        case "maxItems" | "maxLength" | "maxProperties":
            return f"is larger than {limit}"
        case "enum":
            return f"must be one of {', '.join(map(str, limit))}"
        case "minProperties":
            return "must name a kind of scheme"
        case _:
            return str(error.message)


def path_of(steps: Iterable[str | int]) -> str:
    """`skills[0].tags`."""
    parts = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return "".join(parts).lstrip(".")


def known(value: Any, schema: Schema = CARD) -> Any:
    """Only what the schema names: what else a card holds is ignored."""
    if isinstance(value, dict):
        named = schema.get("properties")
        if named is not None:
            return {key: known(each, named[key]) for key, each in value.items() if key in named}
        inner = schema.get("additionalProperties")
        return {key: known(each, inner) for key, each in value.items()} if inner else value
    if isinstance(value, list) and "items" in schema:
        return [known(each, schema["items"]) for each in value]
    return value
