"""What annotations say of a field."""

import dataclasses
import typing
from collections.abc import Sequence
from typing import Annotated, Any, get_args, get_origin

MISSING: Any = object()  # no default


@dataclasses.dataclass(frozen=True)
class Field:
    """What an annotation cannot say: `count: Annotated[int, Field("How many.", minimum=0)] = 1`."""

    description: str = ""
    title: str = ""
    minimum: float | None = None
    maximum: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str = ""
    format: str = ""
    examples: Sequence[Any] = ()
    secret: bool = False

    def schema(self) -> dict[str, Any]:
        """The keywords it stands for."""
        told = {
            "description": self.description,
            "title": self.title,
            "minimum": self.minimum,
            "maximum": self.maximum,
            "minLength": self.min_length,
            "maxLength": self.max_length,
            "pattern": self.pattern,
            "format": "password" if self.secret else self.format,
            "examples": list(self.examples),
            "writeOnly": True if self.secret else None,
        }
        return {key: value for key, value in told.items() if value not in (None, "", [])}


Secret = Annotated[str, Field(secret=True)]


@dataclasses.dataclass(frozen=True)
class Entry:
    """One field of an object."""

    name: str
    type: Any
    default: Any = MISSING
    required: bool = True


def entries_of(told: Any) -> list[Entry]:
    """The fields of a dataclass, a TypedDict or a class with annotations. Raises TypeError."""
    if not isinstance(told, type) or not typing.get_type_hints(told):
        raise TypeError(f"{told!r} is nothing that JSON can hold")
    hints = typing.get_type_hints(told, include_extras=True)
    if typing.is_typeddict(told):
        needed = told.__required_keys__  # type: ignore[attr-defined]
        return [Entry(name, hint, required=name in needed) for name, hint in hints.items()]
    fields = dataclasses.fields(as_dataclass(told))
    return [_entry(field, hints[field.name]) for field in fields if field.init]


def as_dataclass(told: type) -> Any:
    """The class itself, made a dataclass when it is a plain one."""
    if not dataclasses.is_dataclass(told):
        dataclasses.dataclass(kw_only=True)(told)
    return told


def _entry(field: "dataclasses.Field[Any]", hint: Any) -> Entry:
    default: Any = MISSING
    if field.default is not dataclasses.MISSING:
        default = field.default
    elif field.default_factory is not dataclasses.MISSING:
        default = field.default_factory()
    return Entry(field.name, hint, default, required=default is MISSING)


def unwrapped(told: Any) -> tuple[Any, list[Field]]:
    """A type without `Annotated`, `Required` and `NotRequired`, and what they say."""
    fields: list[Field] = []
    while True:
        origin = get_origin(told)
        if origin is Annotated:
            told, *notes = get_args(told)
            fields += [each for note in notes if (each := _field(note)) is not None]
        elif getattr(origin, "_name", "") in ("Required", "NotRequired"):
            (told,) = get_args(told)
        else:
            return told, fields


def _field(note: Any) -> Field | None:
    return Field(note) if isinstance(note, str) else note if isinstance(note, Field) else None


def is_pydantic(told: Any) -> bool:
    return isinstance(told, type) and hasattr(told, "model_json_schema")
