"""agentx_sdk.langchain: messages there and back, questions and answers, words of several messages."""

import pytest
from agentx_sdk import Part, ToolCall, ToolResult
from agentx_sdk.langchain import asking, from_native, to_native
from agentx_sdk.langchain.words import Words
from agentx_sdk.llm.messages import ChatMessage, said, to_json
from hypothesis import given
from hypothesis import strategies as st
from langgraph.types import Interrupt

TEXT = st.text(min_size=1, max_size=20)
JSON = st.recursive(
    st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)
CALLS = st.builds(ToolCall, TEXT, TEXT, st.dictionaries(TEXT, JSON, max_size=3))
RESULTS = st.builds(lambda call, value: ToolResult(call, "t", value), TEXT, JSON)
PICTURES = st.builds(lambda raw: Part(raw=raw, media_type="image/png"), st.binary(min_size=1))
MESSAGES = st.one_of(
    st.builds(lambda role, text: said(role, text), st.sampled_from(["user", "system"]), TEXT),
    st.builds(
        lambda text, calls: ChatMessage("assistant", [Part(text=text)], calls),
        TEXT,
        st.lists(CALLS, max_size=2),
    ),
    st.builds(lambda picture: ChatMessage("user", [Part(text="see"), picture]), PICTURES),
    st.builds(lambda result: ChatMessage("tool", results=[result]), RESULTS),
)


def each_alone(messages):
    """As JSON; results of one message and of several that follow one another are the same."""
    apart = [
        one
        for each in messages
        for one in ([ChatMessage("tool", results=[r]) for r in each.results] or [each])
    ]
    return to_json(apart)


@given(st.lists(MESSAGES, max_size=6))
def test_messages_come_back_as_they_went(messages):
    once = from_native(to_native(messages))
    assert each_alone(once) == each_alone(messages)
    assert to_json(from_native(to_native(once))) == to_json(once)


def test_results_that_follow_one_another_are_one_message():
    results = [ToolResult("1", "a", {"x": 1}), ToolResult("2", "b", error="no")]
    there = to_native([ChatMessage("tool", results=results)])
    assert [each.content for each in there] == ['{"x": 1}', "Error: no"]
    assert from_native(there) == [ChatMessage("tool", results=results)]


def test_one_message_after_another():
    words = Words()
    told = [words.add("a", "one "), words.add("b", "two "), words.add("a", "more"), words.end("b")]
    told += [words.end("a"), words.add("c", "three"), words.rest()]
    assert told == ["one ", "", "more", "", "\n\ntwo ", "\n\nthree", ""]


PLAIN = Interrupt("Your name?", "1")
YES_OR_NO = Interrupt({"question": "Go?", "schema": {"type": "boolean"}}, "2")
FORM = Interrupt(
    {
        "question": "Who?",
        "name": "who",
        "schema": {
            "type": "object",
            "properties": {"name": {"type": "string"}, "size": {"enum": ["S", "L"]}},
            "required": ["name"],
        },
    },
    "3",
)


def answers(interrupts, answer):
    questions = asking.from_json(asking.to_json(asking.questions_of(interrupts)))
    return asking.answers(questions, answer)


@pytest.mark.parametrize(
    ("interrupts", "answer", "found"),
    [
        ([PLAIN], "Zoe", {"1": "Zoe"}),
        ([PLAIN], {"any": "thing"}, {"1": {"any": "thing"}}),
        ([YES_OR_NO], "Yes", {"2": True}),
        ([YES_OR_NO], True, {"2": True}),
        ([YES_OR_NO], {"answer": False}, {"2": False}),
        ([FORM], "Zoe", {"3": {"name": "Zoe"}}),
        ([FORM], {"name": "Zoe", "size": "L"}, {"3": {"name": "Zoe", "size": "L"}}),
        ([PLAIN, YES_OR_NO], {"answer_1": "Zoe", "answer_2": True}, {"1": "Zoe", "2": True}),
        ([PLAIN, FORM], {"name": "Ann"}, {"3": {"name": "Ann"}}),
        ([], "yes", {"": True}),
    ],
)
def test_answers_find_their_questions(interrupts, answer, found):
    assert answers(interrupts, answer) == found


@pytest.mark.parametrize(
    ("interrupts", "answer", "why"),
    [
        ([YES_OR_NO], "perhaps", "answer must be of type boolean"),
        ([FORM], {"size": "L"}, "name is missing"),
        ([FORM], {"name": "Zoe", "size": "M"}, "size must be one of S, L"),
        ([PLAIN, YES_OR_NO], "yes", "fill in the form"),
        ([PLAIN, YES_OR_NO], {"other": 1}, "fill in the form"),
    ],
)
def test_what_does_not_fit_is_told(interrupts, answer, why):
    with pytest.raises(asking.Unclear, match=why):
        answers(interrupts, answer)
