"""Words go into AutoGen's messages and come back as they were."""

from agentx_sdk import Part, ToolCall, ToolResult
from agentx_sdk.llm.messages import ChatMessage
from convert import from_native, to_native
from hypothesis import given, settings
from hypothesis import strategies as st

WORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
NAMES = st.text("abcdefgh_", min_size=1, max_size=10)
PARTS = st.builds(lambda text: [Part(text=text)], WORDS)
PICTURES = st.builds(
    lambda raw, text: [Part(text=text), Part(raw=raw, media_type="image/png")],
    st.binary(min_size=1, max_size=20),
    WORDS,
)
CALLS = st.lists(
    st.builds(ToolCall, NAMES, NAMES, st.dictionaries(NAMES, st.integers() | WORDS)), min_size=1
)
RESULTS = st.lists(
    st.builds(ToolResult, NAMES, NAMES, WORDS)
    | st.builds(lambda id, name, error: ToolResult(id, name, error=error), NAMES, NAMES, WORDS),
    min_size=1,
)
MESSAGES = st.lists(
    st.builds(lambda parts: ChatMessage("system", parts), PARTS)
    | st.builds(lambda parts, name: ChatMessage("user", parts, name=name), PARTS | PICTURES, NAMES)
    | st.builds(lambda parts: ChatMessage("assistant", parts), PARTS)
    | st.builds(lambda parts, calls: ChatMessage("assistant", parts, calls), PARTS, CALLS)
    | st.builds(lambda results: ChatMessage("tool", results=results), RESULTS)
)


@settings(max_examples=50, deadline=None)
@given(MESSAGES)
def test_there_and_back(messages):
    back = from_native(to_native(messages))
    assert [_told(each) for each in back] == [_told(each) for each in messages]


def _told(message):
    return (
        message.role,
        list(message.parts),
        list(message.calls),
        list(message.results),
        message.name,
    )
