"""What models answer when they do not answer, as failures that a caller understands."""

import asyncio
import json
import re
from collections.abc import Iterator, Mapping
from traceback import walk_tb
from typing import Any

from agentx_sdk.errors import TaskFailed, TaskRejected

UNAUTHORIZED, RATE_LIMITED, TIMEOUT = "model_unauthorized", "model_rate_limited", "model_timeout"
UNREACHABLE, NOT_FOUND, REFUSED = "model_unreachable", "model_not_found", "model_refused"
FAILED, TOO_LONG, STEPS = "model_failed", "context_too_long", "too_many_steps"
OUTPUT_INVALID = "output_invalid"  # a model's answer has not the form that output_schema tells
OWN_CODE = "own_code_failed"  # an author's function raised in the middle of a turn
_TOO_LONG = re.compile(r"context.{0,20}length|maximum context|too many tokens|context_window", re.I)
_TIMED_OUT = re.compile(r"timed? ?out", re.I)
_UNREACHABLE = (
    "ConnectError",
    "APIConnectionError",
    "ConnectionError",
    "ReadError",
    "RemoteProtocolError",
)
# Clients of models, in whose hands an answer turned out to be none.
_CLIENTS = ("openai", "httpx", "httpx2", "httpcore")
_NO_ANSWER = "No generations found in stream"  # LangChain's, of a stream without a word
_SHAPELESS = ("StructuredOutputValidationError", "MultipleStructuredOutputsError")  # LangChain's
MAX_WORDS = 500


def failure_of(error: BaseException) -> TaskFailed | TaskRejected | None:
    """What an exception out of a framework says, by what caused it; None when no model is in it."""
    for each in _causes(error):
        if isinstance(each, (TaskFailed, TaskRejected)):
            return each
    for each in _causes(error):
        if (told := _told(each)) is not None:
            return told
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The exception, those in its group, and what it came of."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        each = waiting.pop(0)
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        waiting += getattr(each, "exceptions", ())
        inner = getattr(each, "inner_exception", None)
        before = None if each.__suppress_context__ else each.__context__
        told = (inner, each.__cause__, before)
        waiting += [one for one in told if isinstance(one, BaseException)]


def _told(error: BaseException) -> TaskFailed | None:
    status = getattr(error, "status_code", None)
    if isinstance(status, int) and status >= 400:
        return _by_status(status, _words(error), _headers(error))
    if isinstance(error, (TimeoutError, asyncio.TimeoutError)) or "Timeout" in type(error).__name__:
        return TaskFailed("the model did not answer in time", TIMEOUT)
    if type(error).__name__ in _UNREACHABLE or isinstance(error, ConnectionError):
        if _TIMED_OUT.search(str(error)):
            return TaskFailed("the model did not answer in time", TIMEOUT)
        return TaskFailed(f"the model cannot be reached: {_words(error)}", UNREACHABLE)
    if type(error).__name__ in _SHAPELESS:
        told = f"the model's answer does not fit output_schema: {_words(error)}"
        return TaskFailed(told, OUTPUT_INVALID)
    if type(error).__name__ == "APIError":
        return _in_a_stream(_words(error))
    if _is_no_answer(error):
        return TaskFailed("the model's endpoint sent what is no answer of a model", FAILED)
    return None


def _in_a_stream(words: str) -> TaskFailed:
    """What was told after the answer had begun: its status says that all is well."""
    if _TOO_LONG.search(words):
        return TaskFailed(f"the conversation is too long for the model: {words}", TOO_LONG)
    return TaskFailed(f"the model's endpoint failed: {words}", FAILED)


def _is_no_answer(error: BaseException) -> bool:
    """Broken JSON or no text at all: raised by who read the answer, not by own code that reads something else."""
    if isinstance(error, ValueError) and _NO_ANSWER in str(error):
        return True
    if not isinstance(error, (json.JSONDecodeError, UnicodeDecodeError)):
        return False
    frames = [frame.f_globals.get("__name__", "") for frame, _ in walk_tb(error.__traceback__)]
    outside = (
        name for name in reversed(frames) if name.partition(".")[0] not in ("json", "codecs")
    )
    return next(outside, "").partition(".")[0] in _CLIENTS


def _by_status(status: int, words: str, headers: Mapping[str, str]) -> TaskFailed:
    if status in (401, 403):
        return TaskFailed(f"the model's endpoint refused the key ({status}): {words}", UNAUTHORIZED)
    if status == 429:
        return _limited(words, headers)
    if status == 404:
        return TaskFailed(f"the endpoint does not have this model: {words}", NOT_FOUND)
    if status in (408, 504):
        return TaskFailed("the model did not answer in time", TIMEOUT)
    if status in (400, 413, 422) and _TOO_LONG.search(words):
        return TaskFailed(f"the conversation is too long for the model: {words}", TOO_LONG)
    if status < 500:
        return TaskFailed(f"the model refused the request ({status}): {words}", REFUSED)
    return TaskFailed(f"the model's endpoint failed ({status}): {words}", FAILED)


def _limited(words: str, headers: Mapping[str, str]) -> TaskFailed:
    after = headers.get("retry-after", "")
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]+)?", after):
        return TaskFailed(
            f"the model's endpoint takes no more for now (429): {words}", RATE_LIMITED
        )
    told = f"the model's endpoint takes no more for now (429): try again in {after} s"
    return TaskFailed(told, RATE_LIMITED, {"retryAfterSeconds": float(after)})


def _words(error: BaseException) -> str:
    """What the endpoint said, without what a framework wrapped around it."""
    body: Any = getattr(error, "body", None)
    told = body.get("error", body) if isinstance(body, dict) else None
    message = told.get("message") if isinstance(told, dict) else None
    return str(message or getattr(error, "message", None) or error)[:MAX_WORDS]


def _headers(error: BaseException) -> Mapping[str, str]:
    response = getattr(error, "response", None)
    found: Mapping[str, str] = getattr(response, "headers", None) or {}
    return found
