"""Answers that must be something: JSON of a model that was asked for it, and a yes or a no of a caller."""

import json
import re
from collections.abc import Mapping
from typing import Any

from agentx_sdk.errors import TaskFailed
from agentx_sdk.llm.failures import OUTPUT_INVALID
from agentx_sdk.llm.messages import result_text

REVIEW_SCHEMA = {
    "type": "object",
    "properties": {
        "approved": {"type": "boolean", "title": "Accept it", "default": True},
        "comment": {"type": "string", "title": "What should be different", "default": ""},
    },
    "required": ["approved"],
}
ANSWER_SCHEMA = {
    "type": "object",
    "properties": {"answer": {"type": "string", "title": "Answer"}},
    "required": ["answer"],
}
YES = re.compile(r"(ok|okay|yes|y|true|approved?|accept(ed)?|good|fine|lgtm)[.! ]*", re.IGNORECASE)


def data_of(text: str) -> Any:
    """The JSON value of an answer that `output_schema` asked for. Raises `TaskFailed`."""
    try:
        return json.loads(text)
    except ValueError as error:
        told = f"the model's answer is no JSON, which output_schema asks for: {text[:200]}"
        raise TaskFailed(told, OUTPUT_INVALID) from error


def decided(answer: Any) -> tuple[bool, str]:
    """Whether the caller says yes, and what else; by a form (`REVIEW_SCHEMA`), a boolean, or in words.

    Whatever is not plainly a yes is a no: it may be about a tool that pays.
    """
    if isinstance(answer, Mapping):
        return answer.get("approved") is True, str(answer.get("comment") or "")
    if isinstance(answer, bool):
        return answer, ""
    words = result_text(answer).strip()
    return YES.fullmatch(words) is not None, words


def words_of_answer(answer: Any) -> str:
    """The words of a form with one field (`ANSWER_SCHEMA`), or of a message."""
    if isinstance(answer, dict):
        return str(answer.get("answer", answer))
    return str(answer)
