"""Answers that must be something: JSON, a yes or a no."""

import pytest
from agentx_sdk import TaskFailed
from agentx_sdk.llm.answers import data_of, decided, words_of_answer


@pytest.mark.parametrize(
    ("answer", "approved", "words"),
    [
        ({"approved": True, "comment": "well done"}, True, "well done"),
        ({"approved": False, "comment": "shorter"}, False, "shorter"),
        ({"approved": "true"}, False, ""),  # a form that was not filled in by its schema
        ({}, False, ""),
        (True, True, ""),
        (False, False, ""),
        ("ok", True, "ok"),
        (" Yes! ", True, "Yes!"),
        ("shorter, please", False, "shorter, please"),
        ("yes, but shorter", False, "yes, but shorter"),
        ("", False, ""),  # nothing is no yes
        ("!", False, "!"),
        (None, False, "null"),
        ([1], False, "[1]"),
    ],
)
def test_what_is_not_plainly_a_yes_is_a_no(answer, approved, words):
    assert decided(answer) == (approved, words)


def test_an_answer_that_should_be_json():
    assert data_of('{"city": "Oslo"}') == {"city": "Oslo"}
    with pytest.raises(TaskFailed, match=r"no JSON.*: in Oslo") as failed:
        data_of("in Oslo")
    assert failed.value.code == "output_invalid"


@pytest.mark.parametrize(
    ("answer", "words"), [({"answer": "7"}, "7"), ("seven", "seven"), ({"a": 1}, "{'a': 1}")]
)
def test_the_words_of_a_form_with_one_field(answer, words):
    assert words_of_answer(answer) == words
