"""Conversations in words: JSON and back, OpenAI's form, order, what is left out."""

import json
import string
from typing import Any

import pytest
from agentx_sdk import Part, ToolCall, ToolResult
from agentx_sdk.llm.messages import (
    HEAVY,
    ChatMessage,
    content_of,
    from_json,
    in_order,
    in_words,
    lightened,
    newest,
    said,
    to_json,
    to_openai,
    words_of,
)
from hypothesis import given
from hypothesis import strategies as some

names = some.text(string.ascii_letters, min_size=1, max_size=8)
json_values = some.recursive(
    some.none() | some.booleans() | some.integers() | some.text(),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(names, inner, max_size=3),
    max_leaves=5,
)
parts = some.one_of(
    some.builds(Part, text=some.text()),
    some.builds(Part, data=json_values),
    some.builds(Part, raw=some.binary(max_size=50), media_type=some.just("image/png")),
    some.builds(Part, url=some.just("https://example.com/a.png"), filename=names),
)
calls = some.builds(
    ToolCall, id=names, name=names, arguments=some.dictionaries(names, json_values, max_size=2)
)
results = some.one_of(
    some.builds(ToolResult, id=names, name=names, result=json_values),
    some.builds(ToolResult, id=names, name=names, error=some.text(min_size=1)),
)
messages = some.builds(
    ChatMessage,
    role=some.sampled_from(["user", "assistant", "system", "tool"]),
    parts=some.lists(parts, max_size=3),
    calls=some.lists(calls, max_size=2),
    results=some.lists(results, max_size=2),
    name=some.just("") | names,
)


@given(some.lists(messages, max_size=5))
def test_a_conversation_survives_json(conversation: list[ChatMessage]) -> None:
    assert from_json(json.loads(json.dumps(to_json(conversation)))) == conversation


@given(some.lists(messages, max_size=8))
def test_models_get_each_call_with_its_result(conversation: list[ChatMessage]) -> None:
    told = to_openai(in_order(conversation))
    waiting: list[str] = []
    for message in told:
        if message["role"] == "tool":
            assert message["tool_call_id"] == waiting.pop(0)
        else:
            assert not waiting
            waiting = [call["id"] for call in message.get("tool_calls", ())]
    assert not waiting


@given(some.lists(messages, max_size=8), some.integers(1, 8), some.integers(0, 400))
def test_what_is_kept_is_the_newest_from_a_user_on(
    conversation: list[ChatMessage], count: int, size: int
) -> None:
    kept = newest(conversation, count, size)
    assert len(kept) <= count
    assert kept == conversation[len(conversation) - len(kept) :]
    assert not kept or kept[0].role == "user"
    assert sum(len(json.dumps(each)) for each in to_json(kept)) <= size


def test_calls_that_came_at_once_keep_their_results() -> None:
    mixed = [
        said("user", "go"),
        ChatMessage("assistant", calls=[ToolCall("1", "a"), ToolCall("2", "b")]),
        ChatMessage("tool", results=[ToolResult("2", "b", "two")]),
        ChatMessage("tool", results=[ToolResult("1", "a", error="no")]),
        ChatMessage("assistant", calls=[ToolCall("3", "c")]),  # cancelled before its result
    ]
    told = to_openai(in_order(mixed))
    assert [each["role"] for each in told] == ["user", "assistant", "tool", "tool"]
    assert [each["content"] for each in told[2:]] == ["Error: no", "two"]


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (Part(text="hello"), "hello"),
        (Part(data={"a": 1}), '{"a": 1}'),
        (Part(url="https://x/y.pdf"), "[application/pdf: https://x/y.pdf]"),
        (Part(raw=b"a,b", media_type="text/csv", filename="t.csv"), "[t.csv]\na,b"),
        (Part(raw=b"\x00" * 5, media_type="image/png"), "[file, image/png, 5 bytes]"),
        (Part(raw=b"\x00" * 5), "[file, unknown type, 5 bytes]"),
    ],
)
def test_what_a_model_cannot_read_is_named(part: Part, words: str) -> None:
    assert words_of(part) == words


def test_pictures_are_shown_to_models_that_see() -> None:
    picture = Part(raw=b"abc", media_type="image/png")
    seen: Any = content_of([Part(text="look"), picture])
    assert seen[1]["image_url"]["url"] == "data:image/png;base64,YWJj"
    assert (
        content_of([Part(text="look"), picture], vision=False) == "look\n[file, image/png, 3 bytes]"
    )


def test_a_large_file_is_remembered_by_its_name() -> None:
    heavy = Part(raw=b"x" * (HEAVY + 1), media_type="text/plain", filename="log.txt")
    (part,) = lightened(ChatMessage("user", [heavy]), 10).parts
    assert part.text == f"[log.txt, text/plain, {HEAVY + 1} bytes]"
    light = ChatMessage("user", [Part(raw=b"x")])
    assert lightened(light, 10) == light


def test_in_words_there_are_no_tools() -> None:
    conversation = [said("user", "go"), ChatMessage("assistant", calls=[ToolCall("1", "a")])]
    assert in_words(conversation) == [said("user", "go")]
