"""Annotations become JSON Schema, and JSON becomes what the annotations name."""

import enum
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, TypedDict

import pytest
from agentx_sdk import Field, Secret, typed
from jsonschema import Draft202012Validator


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


@dataclass
class Limits:
    tokens: Annotated[int, Field("Of one answer.", minimum=1, maximum=100)] = 10


class Point(TypedDict):
    x: float


@dataclass
class Settings:
    """How it works."""

    model: str
    key: Secret = ""
    retries: int = 3
    ratio: Annotated[float, "between"] = 0.5
    verbose: bool = False
    mode: Literal["fast", "good"] = "fast"
    colour: Colour = Colour.RED
    tags: list[str] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    pair: tuple[int, str] = (1, "a")
    more: dict[str, int] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    place: Point | None = None
    either: int | str = 1
    anything: Any = None
    code: Annotated[str, Field(pattern="^[a-z]+$", min_length=2, max_length=3)] = "ab"


WHOLE = {
    "model": "m", "key": "k", "retries": 2, "ratio": 1, "verbose": True, "mode": "good",
    "colour": "blue", "tags": ["a"], "names": ["n"], "pair": [2, "b"], "more": {"a": 1},
    "limits": {"tokens": 5}, "place": {"x": 1.5}, "either": "x", "anything": [1], "code": "abc",
}  # fmt: skip


def read(kind, value):
    problems = {}
    found = typed.read(kind, value, problems)
    return found, problems


def test_the_schema_is_one_and_takes_the_whole():
    schema = typed.schema_of(Settings)
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(WHOLE)
    properties = schema["properties"]
    assert (schema["required"], schema["description"]) == (["model"], "How it works.")
    assert properties["key"] == {
        "type": "string", "format": "password", "writeOnly": True, "default": "",
    }  # fmt: skip
    assert properties["ratio"] == {"type": "number", "description": "between", "default": 0.5}
    assert properties["mode"] == {"enum": ["fast", "good"], "default": "fast"}
    assert properties["colour"]["default"] == "red"
    assert properties["limits"]["properties"]["tokens"]["maximum"] == 100
    assert properties["place"]["required"] == ["x"]
    assert typed.secret_names(schema) == {"key"}


def test_json_becomes_the_types():
    settings, problems = read(Settings, WHOLE)
    assert problems == {}
    assert settings.colour is Colour.BLUE
    assert settings.limits == Limits(5)
    assert (settings.names, settings.pair, settings.place) == ({"n"}, (2, "b"), {"x": 1.5})
    assert isinstance(settings.ratio, float)
    assert typed.plain(settings) == WHOLE


def test_what_is_left_out_has_its_default():
    settings, problems = read(Settings, {"model": "m"})
    assert (problems, settings) == ({}, Settings("m"))


@pytest.mark.parametrize(
    ("change", "path", "words"),
    [
        ({"model": 1}, "model", "must be text"),
        ({"retries": True}, "retries", "must be a whole number"),
        ({"retries": 1.5}, "retries", "must be a whole number"),
        ({"verbose": 1}, "verbose", "must be true or false"),
        ({"ratio": "1"}, "ratio", "must be a number"),
        ({"mode": "slow"}, "mode", "must be one of fast, good"),
        ({"colour": "green"}, "colour", "must be one of red, blue"),
        ({"tags": "a"}, "tags", "must be a list"),
        ({"tags": ["a", 1]}, "tags.1", "must be text"),
        ({"pair": [1]}, "pair", "must have 2 entries"),
        ({"more": {"a": "b"}}, "more.a", "must be a whole number"),
        ({"limits": {"tokens": 101}}, "limits.tokens", "must be at most 100"),
        ({"limits": {"token": 1}}, "limits.token", "is not known"),
        ({"place": {}}, "place.x", "is missing"),
        ({"either": 1.5}, "either", "fits none of the forms it may have"),
        ({"code": "A"}, "code", "must have at least 2 characters"),
        ({"code": "AB"}, "code", "must match ^[a-z]+$"),
    ],
)
def test_a_wrong_value_is_named(change, path, words):
    _, problems = read(Settings, {**WHOLE, **change})
    assert problems == {path: words}
    if words != "must be true or false":  # 1 is no boolean to JSON Schema either
        assert list(
            Draft202012Validator(typed.schema_of(Settings)).iter_errors({**WHOLE, **change})
        )


def test_every_problem_is_told_at_once():
    _, problems = read(Settings, {"retries": "x", "extra": 1})
    assert problems == {
        "model": "is missing", "retries": "must be a whole number", "extra": "is not known",
    }  # fmt: skip


def test_a_plain_class_will_do():
    class Config:
        size: int = 3

    found, problems = read(Config, {"size": 4})
    assert (found.size, problems) == (4, {})
    assert typed.schema_of(Config)["properties"] == {"size": {"type": "integer", "default": 3}}


def test_a_pydantic_model_will_do():
    pydantic = pytest.importorskip("pydantic")

    class Config(pydantic.BaseModel):
        size: int = pydantic.Field(default=3, ge=1)

    found, problems = read(Config, {"size": 4})
    assert (found.size, problems) == (4, {})
    assert list(read(Config, {"size": 0})[1]) == ["size"]
    assert typed.schema_of(Config)["properties"]["size"]["minimum"] == 1


@pytest.mark.parametrize("kind", [object, bytes, dict[int, str], complex])
def test_what_json_cannot_hold(kind):
    with pytest.raises(TypeError):
        typed.schema_of(kind)
