"""From JSON to the types that annotations name."""

import enum
import re
import types
import typing
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Union, get_args, get_origin

from agentx_sdk.typed.fields import Entry, Field, entries_of, is_pydantic, unwrapped

PLAIN: dict[Any, tuple[str, tuple[type, ...]]] = {
    bool: ("true or false", (bool,)),
    int: ("a whole number", (int,)),
    float: ("a number", (int, float)),
    str: ("text", (str,)),
}
ARRAYS: dict[Any, Any] = {list: list, tuple: tuple, set: set, frozenset: frozenset, Sequence: list}


def read(told: Any, value: Any, problems: dict[str, str], path: str = "") -> Any:
    """The value as its type has it. What is wrong goes into `problems`, by dotted path."""
    base, fields = unwrapped(told)
    before = len(problems)
    found = _read(base, value, problems, path)
    if len(problems) == before:
        for field in fields:
            if words := _breaks(field, found):
                problems[path] = words
    return found


def _read(base: Any, value: Any, problems: dict[str, str], path: str) -> Any:
    origin, inner = get_origin(base), get_args(base)
    if base is Any:
        return value
    if base in PLAIN:
        return _read_plain(base, value, problems, path)
    if origin is Literal:
        return _chosen(value, inner, problems, path)
    if origin in (Union, types.UnionType):
        return _read_union(inner, value, problems, path)
    if (origin or base) in ARRAYS:
        return _read_array(origin or base, inner, value, problems, path)
    if (origin or base) in (dict, Mapping):
        return _read_dict(inner, value, problems, path)
    return _read_class(base, value, problems, path)


def _read_plain(base: Any, value: Any, problems: dict[str, str], path: str) -> Any:
    name, accepted = PLAIN[base]
    if isinstance(value, bool) and base is not bool:
        accepted = ()
    if base is int and isinstance(value, float) and value.is_integer():
        return int(value)
    if not isinstance(value, accepted):
        problems[path] = f"must be {name}"
        return value
    return base(value)


def _chosen(value: Any, choices: Sequence[Any], problems: dict[str, str], path: str) -> Any:
    if not any(value == each and type(value) is type(each) for each in choices):
        problems[path] = f"must be one of {', '.join(map(str, choices))}"
    return value


def _read_union(inner: Sequence[Any], value: Any, problems: dict[str, str], path: str) -> Any:
    if value is None and type(None) in inner:
        return None
    members = [each for each in inner if each is not type(None)]
    for member in members:
        tried: dict[str, str] = {}
        found = read(member, value, tried, path)
        if not tried:
            return found
    problems.update(tried if len(members) == 1 else {path: "fits none of the forms it may have"})
    return value


def _read_array(
    origin: Any, inner: tuple[Any, ...], value: Any, problems: dict[str, str], path: str
) -> Any:
    if not isinstance(value, list):
        problems[path] = "must be a list"
        return value
    fixed = origin is tuple and inner and inner[-1] is not Ellipsis
    if fixed and len(value) != len(inner):
        problems[path] = f"must have {len(inner)} entries"
        return value
    types_ = inner if fixed else [inner[0] if inner else Any] * len(value)
    made = [
        read(each, item, problems, _under(path, place))
        for place, (each, item) in enumerate(zip(types_, value, strict=True))
    ]
    return made if problems else ARRAYS[origin](made)


def _read_dict(inner: tuple[Any, ...], value: Any, problems: dict[str, str], path: str) -> Any:
    if not isinstance(value, dict):
        problems[path] = "must be an object"
        return value
    each = inner[1] if inner else Any
    return {key: read(each, item, problems, _under(path, key)) for key, item in value.items()}


def _read_class(base: Any, value: Any, problems: dict[str, str], path: str) -> Any:
    if base is None or base is type(None):
        return _chosen(value, (None,), problems, path)
    if is_pydantic(base):
        return _read_pydantic(base, value, problems, path)
    if issubclass(base, enum.Enum):
        values = [member.value for member in base]
        return base(value) if value in values else _chosen(value, values, problems, path)
    found = read_fields(entries_of(base), value, problems, path)
    if problems or typing.is_typeddict(base):
        return found
    return base(**found)


def read_fields(
    entries: Sequence[Entry], value: Any, problems: dict[str, str], path: str = ""
) -> dict[str, Any]:
    """The fields of an object, by name, without those left out."""
    if not isinstance(value, dict):
        problems[path] = "must be an object"
        return {}
    known = {entry.name: entry for entry in entries}
    for name in value.keys() - known.keys():
        problems[_under(path, name)] = "is not known"
    for name, entry in known.items():
        if entry.required and name not in value:
            problems[_under(path, name)] = "is missing"
    return {
        name: read(known[name].type, item, problems, _under(path, name))
        for name, item in value.items()
        if name in known
    }


def _read_pydantic(base: Any, value: Any, problems: dict[str, str], path: str) -> Any:
    from pydantic import ValidationError

    try:
        return base.model_validate(value)
    except ValidationError as error:
        for each in error.errors(include_input=False, include_url=False):
            problems[_under(path, *each["loc"])] = each["msg"]
    return value


def _breaks(field: Field, value: Any) -> str:
    """What a field's own bounds have against a value of the right type."""
    if field.minimum is not None and value is not None and value < field.minimum:
        return f"must be at least {field.minimum:g}"
    if field.maximum is not None and value is not None and value > field.maximum:
        return f"must be at most {field.maximum:g}"
    if field.min_length is not None and value is not None and len(value) < field.min_length:
        return f"must have at least {field.min_length} characters"
    if field.max_length is not None and value is not None and len(value) > field.max_length:
        return f"must have at most {field.max_length} characters"
    if field.pattern and value is not None and not re.search(field.pattern, value):
        return f"must match {field.pattern}"
    return ""


def _under(path: str, *names: object) -> str:
    return ".".join([*([path] if path else []), *map(str, names)])
