"""What the demo model says follows from the request alone."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentx_site.model_stub.answers import answer
from agentx_site.model_stub.asking import Asked, Offered, Said
from agentx_site.model_stub.embeddings import vector
from agentx_site.model_stub.making import MOST, made
from agentx_site.model_stub.orders import Orders, orders_in

CLOCK = Offered("clock")
ADD = Offered(
    "add",
    {
        "type": "object",
        "properties": {"a": {"type": "integer"}, "b": {"type": "number"}, "c": {"type": "string"}},
        "required": ["a", "b"],
    },
)


def asked(*texts: str, system: str = "", tools: tuple[Offered, ...] = (), **rest: Any) -> Asked:
    """Texts of the user and of the assistant in turn."""
    said = [
        Said("user" if place % 2 == 0 else "assistant", text) for place, text in enumerate(texts)
    ]
    before = [Said("system", system)] if system else []
    return Asked("demo", [*before, *said], tools, **rest)


def called(request: Asked) -> list[tuple[str, Any]]:
    return [(call.name, json.loads(call.arguments)) for call in answer(request).calls]


def test_it_repeats_what_was_said():
    assert answer(asked("hello")).text == "You said: hello"
    assert answer(asked("one", "two", "three")).text == "You said: three"


@pytest.mark.parametrize(
    "frame",
    [
        "\nCurrent Task: {}\n\nProvide your complete response:",
        "\nCurrent Task: {}",
        "\nCurrent Task: {}\n\nThis is the expected criteria for your final answer: x\nyou MUST",
    ],
)
def test_it_hears_what_is_said_within_crewais_frame(frame):
    assert answer(asked(frame.format("one\n\ntwo"))).text == "You said: one\n\ntwo"


def test_it_remembers_a_name_that_it_was_told():
    assert answer(asked("what is my name?")).text == "I do not know your name."
    said = asked("My name is Ann", "You said: My name is Ann", "What is my name?")
    assert answer(said).text == "Your name is Ann."


def test_it_counts_pictures():
    picture = Said("user", "look", 2)
    assert answer(Asked("demo", [picture])).text == "You said: look I see 2 pictures."
    assert answer(Asked("demo", [Said("user", "", 1)])).text == "I see 1 picture."


def test_a_line_of_the_instructions_is_its_answer():
    system = "You are a poet.\n  reply: The poet heard {text}.\nBe brief."
    assert answer(asked("a", system=system)).text == "The poet heard a."


def test_a_tool_is_called_when_the_user_says_so():
    both = (CLOCK, ADD)
    assert called(asked("use clock", tools=both)) == [("clock", {})]
    assert called(asked('Please use add {"a": 2, "b": {"c": 3}} now', tools=both)) == [
        ("add", {"a": 2, "b": {"c": 3}})
    ]
    assert called(asked("use add and use clock", tools=both)) == [
        ("add", {"a": 1, "b": 1}),
        ("clock", {}),
    ]
    assert len(called(asked("use add and use clock", tools=both, parallel=False))) == 1


def test_a_tool_may_carry_the_name_of_its_plugin():
    assert called(asked("use clock.", tools=(Offered("tools-clock"),))) == [("tools-clock", {})]
    assert called(asked("use lock", tools=(CLOCK,))) == []


def test_no_tool_is_called_that_is_not_there_or_not_wanted():
    assert called(asked("use hammer", tools=(CLOCK,))) == []
    assert called(asked("use clock", tools=(CLOCK,), choice="none")) == []
    assert called(asked("hello", tools=(CLOCK,))) == []


def test_a_tool_that_must_be_called_is():
    assert called(asked("x", tools=(CLOCK, ADD), choice="required")) == [("add", {"a": 1, "b": 1})]
    assert called(asked("x", tools=(CLOCK, ADD), choice="clock")) == [("clock", {})]


def test_the_instructions_may_order_a_tool_for_everything():
    system = 'use: ask_poet {"message": "{text}"}\nreply: chained({result})'
    poet = Offered("ask_poet")
    assert called(asked('say "hi"', system=system, tools=(poet,))) == [
        ("ask_poet", {"message": 'say "hi"'})
    ]
    told = [Said("system", system), Said("user", "hi"), Said("assistant"), Said("tool", "a rhyme")]
    assert answer(Asked("demo", told, [poet])).text == "chained(a rhyme)"


def test_it_tells_what_the_tools_said():
    said = [Said("user", "use clock"), Said("assistant"), Said("tool", "noon"), Said("tool", "one")]
    assert answer(Asked("demo", said, [CLOCK])).text == "The tool says: noon; one."
    # CrewAI asks behind it, in the user's name.
    asks = [*said, Said("user", "Analyze the tool result. Otherwise, use the next tool.")]
    assert answer(Asked("demo", asks, [CLOCK])).text == "The tool says: noon; one."
    endless = [Said("user", "use clock !loop"), *said[1:]]
    assert called(Asked("demo", endless, [CLOCK])) == [("clock", {})]
    again = [*said, Said("assistant", "The tool says: noon."), Said("user", "use clock")]
    assert called(Asked("demo", again, [CLOCK])) == [("clock", {})]


def test_an_answer_can_have_a_shape():
    shape = {"type": "object", "properties": {"city": {"type": "string"}, "n": {"type": "integer"}}}
    assert json.loads(answer(asked("Paris", schema=shape)).text) == {"city": "Paris", "n": 1}


def test_the_next_to_speak_is_who_has_not_spoken():
    prompt = "writer: hello\nThen select the next role from ['writer', 'critic'] to play."
    assert answer(Asked("demo", [Said("system", prompt)])).text == "critic"


def test_an_answer_is_cut_at_the_most_tokens():
    cut = answer(asked("!words 10", most=3))
    assert (cut.text, cut.is_cut) == ("w1 w2 w3", True)
    assert not answer(asked("!words 3", most=3)).is_cut


@pytest.mark.parametrize(
    ("text", "orders"),
    [
        ("hello!", Orders()),
        ("!status 429", Orders(status=429)),
        ("!status 500 once", Orders(status=500, only_once=True)),
        ("!context", Orders(too_long=True)),
        ("please !hang", Orders(hangs=True)),
        ("!stall", Orders(stalls=True)),
        ("!break", Orders(breaks=True)),
        ("use clock !loop", Orders(loops=True)),
        ("!slow 0.05 !words 50", Orders(seconds=0.05, words=50)),
        ("!slow 9999 !words 99999999", Orders(seconds=60.0, words=100_000)),
    ],
)
def test_orders(text, orders):
    assert orders_in(text) == orders


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string", "maxLength": 3}, "wor"),
        ({"type": "string", "format": "date"}, "2026-01-01"),
        ({"enum": ["red", "blue"]}, "red"),
        ({"const": 7}, 7),
        ({"type": "integer", "minimum": 5}, 5),
        ({"type": ["null", "boolean"]}, True),
        ({"anyOf": [{"type": "null"}, {"type": "integer"}]}, 1),
        ({"type": "array", "items": {"type": "integer"}, "minItems": 2}, [1, 1]),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"type": "boolean"}}}, True),
        ({"allOf": [{"type": "object"}, {"properties": {"a": {"type": "integer"}}}]}, {"a": 1}),
        ({}, "words"),
    ],
)
def test_a_value_for_a_schema(schema, value):
    assert made(schema, "words") == value


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"next": {"$ref": "#"}}},
        {"properties": {name: {"$ref": "#"} for name in "abcdefghij"}},
        {"type": "array", "items": {"$ref": "#"}, "minItems": 10},
        {"type": "array", "items": {"type": "integer"}, "minItems": 10**9},
        {"type": "string", "minLength": 10**9},
        {"type": "array", "items": {"minLength": 10**5}, "minItems": 10**5},
        {"type": "array", "items": {"const": "x" * 10**5}, "minItems": 10**5},
    ],
)
def test_a_schema_that_wants_too_much_gets_a_part_of_it(schema):
    assert len(json.dumps(made(schema, "x"))) < 20 * MOST


@given(st.recursive(st.booleans() | st.text(max_size=5), lambda inner: st.dictionaries(
    st.sampled_from(["type", "properties", "items", "$ref", "anyOf", "required", "a"]), inner
) | st.lists(inner, max_size=3), max_leaves=20))  # fmt: skip
def test_nonsense_for_a_schema_is_refused_or_answered_but_never_hangs(schema):
    with contextlib.suppress(AttributeError, TypeError, ValueError, KeyError):
        json.dumps(made(schema, "x"))


def test_texts_that_share_words_are_near_one_another():
    def near(one: str, other: str) -> float:
        return sum(a * b for a, b in zip(vector(one), vector(other), strict=True))

    assert near("the cat sat", "the cat sat") == pytest.approx(1)
    assert near("the cat sat", "a cat sat down") > near("the cat sat", "prices rose again")
