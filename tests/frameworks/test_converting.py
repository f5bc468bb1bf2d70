"""A conversation that goes through one framework's messages and then through another's is the same to a model."""

import json
import subprocess
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from agentx_sdk.content import Part, ToolCall, ToolResult
from agentx_sdk.llm.messages import (
    ChatMessage,
    from_json,
    is_picture,
    media_type_of,
    outcome_text,
    to_json,
    words_of,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.frameworks.frameworks import FRAMEWORKS, Framework, every

pytestmark = every
PICTURES = ("image/png", "image/jpeg")
EXAMPLES = 40  # conversations, each through seven times seven pairs


# ---- What a model gets to see of a conversation: that is what must come back


def seen(messages: Sequence[ChatMessage]) -> list[Any]:
    """Roles, names, words, pictures, calls and what came of them. How words are cut into parts is nobody's business."""
    return [
        (
            each.role,
            each.name if each.role in ("user", "assistant") else "",
            _content(each),
            [(call.id, call.name, call.arguments) for call in each.calls],
            [(result.id, result.name, _outcome(result)) for result in each.results],
        )
        for each in messages
    ]


def _outcome(result: ToolResult) -> str:
    """What a model reads of it. JSON has no order of keys: JavaScript puts those that are numbers first."""
    text = outcome_text(result)
    try:
        return json.dumps(json.loads(text), sort_keys=True)
    except ValueError:
        return text


def _content(message: ChatMessage) -> list[Any]:
    """Words that follow one another are one text."""
    told: list[Any] = []
    for part in message.parts:
        if message.role == "user" and is_picture(part):
            told.append((part.url, part.raw) if part.url else (media_type_of(part), part.raw))
        elif told and isinstance(told[-1], str):
            told[-1] = f"{told[-1]}\n{words_of(part)}"
        else:
            told.append(words_of(part))
    return [each for each in told if each != ""]


# ---- Conversations

words = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t"),
    min_size=1,
    max_size=40,
)
names = st.just("") | st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,8}", fullmatch=True)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=5,
)
texts = st.builds(Part, text=words)
pictures = st.builds(
    Part, raw=st.binary(min_size=1, max_size=30), media_type=st.sampled_from(PICTURES)
) | st.builds(
    Part,
    url=st.sampled_from(["https://example.com/a.png", "https://example.com/b.jpeg"]),
    media_type=st.sampled_from(PICTURES),
)
files = st.builds(
    Part,
    raw=st.binary(max_size=20),
    media_type=st.sampled_from(["application/pdf", "text/plain"]),
    filename=st.sampled_from(["", "notes.txt"]),
)
user_parts = st.lists(
    texts | st.builds(Part, data=json_values) | pictures | files, min_size=1, max_size=4
)
outcomes = st.fixed_dictionaries({"result": json_values}) | st.fixed_dictionaries({"error": words})


@st.composite
def rounds(draw: Any) -> list[ChatMessage]:
    """What a user says, calls of tools with what came of them, and an answer."""
    said = [ChatMessage("user", draw(user_parts), name=draw(names))]
    for told in draw(st.lists(st.lists(outcomes, min_size=1, max_size=3), max_size=2)):
        said += _called(draw, told)
    return [*said, ChatMessage("assistant", draw(st.lists(texts, min_size=1, max_size=2)))]


def _called(draw: Any, outcomes: list[dict[str, Any]]) -> list[ChatMessage]:
    arguments = st.dictionaries(st.sampled_from(["city", "n"]), json_values, max_size=2)
    calls = [
        ToolCall(
            f"call_{draw(st.uuids()).hex}", draw(st.sampled_from(["clock", "add"])), draw(arguments)
        )
        for _ in outcomes
    ]
    results = [
        ToolResult(call.id, call.name, **told) for call, told in zip(calls, outcomes, strict=True)
    ]
    thought = draw(st.lists(texts, max_size=1))
    return [ChatMessage("assistant", thought, calls), ChatMessage("tool", results=results)]


systems = st.builds(lambda text: [ChatMessage("system", [Part(text=text)])], words) | st.just([])
conversations = st.builds(
    lambda system, told: [*system, *(each for one in told for each in one)],
    systems,
    st.lists(rounds(), min_size=1, max_size=3),
)


# ---- The frameworks


class Converter:
    """A process of a framework's convert.py."""

    def __init__(self, framework: Framework) -> None:
        program = ["node", "convert.js"] if framework.is_node else [framework.python, "convert.py"]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            program, cwd=framework.folder, stdin=pipe, stdout=pipe, text=True
        )

    def __call__(self, messages: Sequence[ChatMessage]) -> list[ChatMessage]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(to_json(messages)) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"it ended with {self._process.wait()}"
        return from_json(json.loads(line))

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


@pytest.fixture(scope="module")
def converters() -> Iterator[dict[str, Converter]]:
    made = {framework.name: Converter(framework) for framework in FRAMEWORKS}
    yield made
    for converter in made.values():
        converter.close()


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(conversation=conversations)
def test_any_framework_to_any_framework(framework, converters, conversation):
    there = converters[framework.name](conversation)
    assert seen(there) == seen(conversation)
    for name, converter in converters.items():
        assert seen(converter(there)) == seen(conversation), f"{framework.name} to {name}"


def test_a_conversation_that_was_cut_off_is_told_too(framework, converters):
    """Calls whose results never came, and nothing at all."""
    cut = [
        ChatMessage("user", [Part(text="hello")]),
        ChatMessage("assistant", calls=[ToolCall("call_1", "clock", {})]),
    ]
    assert seen(converters[framework.name](cut)) == seen(cut)
    assert converters[framework.name]([]) == []
