"""What models answer when they do not answer."""

from typing import Any

import pytest
from agentx_sdk import TaskFailed
from agentx_sdk.llm.failures import failure_of


class StatusError(Exception):
    """As the clients of models raise it."""

    def __init__(self, status: int, words: str, **headers: str) -> None:
        super().__init__(f"Error code: {status}")
        self.status_code = status
        self.body = {"error": {"message": words}}
        self.response = type("Response", (), {"headers": headers})()


class ConnectTimeout(Exception):  # noqa: N818 - httpx's name
    """As httpx names it."""


class APIConnectionError(Exception):
    """As openai names it."""


class StructuredOutputValidationError(Exception):
    """As langchain names it."""


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (StructuredOutputValidationError("no JSON"), "output_invalid", "output_schema: no JSON"),
        (StatusError(401, "bad key"), "model_unauthorized", "refused the key (401): bad key"),
        (StatusError(403, "not yours"), "model_unauthorized", "not yours"),
        (StatusError(404, "no such model"), "model_not_found", "no such model"),
        (StatusError(429, "slow"), "model_rate_limited", "slow"),
        (StatusError(429, "slow", **{"retry-after": "2.5"}), "model_rate_limited", "in 2.5 s"),
        (StatusError(429, "slow", **{"retry-after": "later"}), "model_rate_limited", "slow"),
        (StatusError(400, "maximum context length is 5"), "context_too_long", "too long"),
        (StatusError(400, "bad field"), "model_refused", "bad field"),
        (StatusError(500, "oh"), "model_failed", "failed (500): oh"),
        (StatusError(504, "oh"), "model_timeout", "in time"),
        (ConnectTimeout(), "model_timeout", "in time"),
        (TimeoutError(), "model_timeout", "in time"),
        (APIConnectionError("refused"), "model_unreachable", "refused"),
        (ConnectionRefusedError("refused"), "model_unreachable", "refused"),
        (APIConnectionError("Request timed out."), "model_timeout", "in time"),
    ],
)
def test_each_has_its_code_and_words(error: Exception, code: str, words: str) -> None:
    failure = failure_of(error)
    assert isinstance(failure, TaskFailed)
    assert failure.code == code
    assert words in failure.reason


def test_a_failure_is_found_in_what_a_framework_wrapped_around_it() -> None:
    wrapped = _raised(RuntimeError("agent crashed"), StatusError(429, "x", **{"retry-after": "9"}))
    group = ExceptionGroup("two at once", [ValueError("other"), wrapped])
    failure = failure_of(group)
    assert isinstance(failure, TaskFailed)
    assert failure.metadata == {"retryAfterSeconds": 9.0}


def test_what_the_plugin_says_itself_goes_first() -> None:
    own = TaskFailed("too many steps", "too_many_steps")
    assert failure_of(_raised(own, StatusError(500, "x"))) is own


def test_a_fault_is_no_failure_of_a_model() -> None:
    assert failure_of(KeyError("x")) is None
    try:
        try:
            raise StatusError(500, "x")
        except StatusError:
            raise KeyError("hidden on purpose") from None
    except KeyError as error:
        assert failure_of(error) is None


def test_a_circle_of_causes_ends() -> None:
    one, other = ValueError("1"), ValueError("2")
    one.__cause__, other.__cause__ = other, one
    assert failure_of(one) is None


def _raised(outer: Exception, cause: Exception) -> Any:
    try:
        raise outer from cause
    except type(outer) as error:
        return error


class APIError(Exception):
    """As openai names what is told in the middle of a stream."""


def test_what_an_endpoint_says_in_the_middle_of_a_stream_is_its_failure() -> None:
    failure = failure_of(APIError("overloaded"))
    assert isinstance(failure, TaskFailed)
    assert (failure.code, failure.args[0]) == (
        "model_failed",
        "the model's endpoint failed: overloaded",
    )
    failure = failure_of(APIError("This model's maximum context length is 5"))
    assert isinstance(failure, TaskFailed)
    assert failure.code == "context_too_long"


def raised_in(module: str, source: str) -> Exception:
    """With the module's name in its traceback."""
    try:
        exec(source, {"__name__": module})
    except ValueError as error:
        return error
    raise AssertionError(source)


@pytest.mark.parametrize("source", ["import json; json.loads('{')", r"b'\xff'.decode()"])
def test_what_a_model_client_cannot_read_is_no_answer(source: str) -> None:
    failure = failure_of(raised_in("openai._streaming", source))
    assert isinstance(failure, TaskFailed)
    assert failure.code == "model_failed"
    assert "no answer" in failure.args[0]
    assert failure_of(raised_in("main", source)) is None  # an author's own


def test_a_stream_without_a_word_is_no_answer() -> None:
    failure = failure_of(ValueError("No generations found in stream."))
    assert isinstance(failure, TaskFailed)
    assert failure.code == "model_failed"
