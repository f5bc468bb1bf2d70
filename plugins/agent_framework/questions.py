"""What a run waits for, as a question with a form, and the answer to it, as the framework takes it."""

import dataclasses
import json
from collections.abc import Mapping
from typing import Any, get_origin

from agent_framework import AgentExecutorResponse, Content, Message
from agent_framework_orchestrations import (
    AgentRequestInfoResponse,
    HandoffAgentUserRequest,
    MagenticPlanReviewRequest,
)
from agentx_sdk import InputRequired, TaskFailed
from agentx_sdk.llm.answers import REVIEW_SCHEMA, decided
from agentx_sdk.llm.messages import result_text
from agentx_sdk.typed import schema_of
from pydantic import BaseModel, TypeAdapter
from steps import Question

TEXT = {"type": "string", "title": "Answer"}
BAD_ANSWER = "bad_answer"


@dataclasses.dataclass(frozen=True)
class Asked:
    """A question to the caller. `id`: by which the run knows it."""

    id: str
    question: str
    form: Mapping[str, Any]

    def shown(self) -> InputRequired:
        """As the turn's end."""
        return InputRequired(self.question, schema=dict(self.form))


def tool_question(request: Content) -> Asked:
    """May a tool be called?"""
    call = request.function_call
    name, arguments = (call.name, call.parse_arguments()) if call is not None else ("?", {})
    told = json.dumps(arguments or {}, ensure_ascii=False)
    return Asked(request.id or "", f"May the tool {name} be called with {told}?", REVIEW_SCHEMA)


def question_of(event: Any) -> Asked:
    """What a workflow's `request_info` event asks."""
    data, id = event.data, event.request_id
    if isinstance(data, Content) and data.type == "function_approval_request":
        return dataclasses.replace(tool_question(data), id=id)
    if isinstance(data, AgentExecutorResponse):
        said = data.agent_response.text
        return Asked(id, f"{data.executor_id} says: {said}\nIs that right?", REVIEW_SCHEMA)
    if isinstance(data, MagenticPlanReviewRequest):
        return Asked(id, f"Is this plan right?\n{data.plan.text}", REVIEW_SCHEMA)
    if isinstance(data, Question):
        return Asked(id, data.text, TEXT)
    return Asked(id, _words(data), _form(event.response_type))


def goes_on(event: Any) -> bool:
    """Whether an agent has answered, and only waits for what the caller says next: the turn is done."""
    return isinstance(event.data, HandoffAgentUserRequest)


def response_to(event: Any, answer: Any) -> Any:
    """The caller's answer to this event, as what waits for it takes it. Raises `TaskFailed`."""
    data = event.data
    approved, comment = decided(answer)
    if isinstance(data, Content) and data.type == "function_approval_request":
        return data.to_function_approval_response(approved)
    if isinstance(data, AgentExecutorResponse):
        said = [] if approved else [comment or "No. Do it differently."]
        return AgentRequestInfoResponse.from_strings(said)
    if isinstance(data, MagenticPlanReviewRequest):
        return data.approve() if approved else data.revise(comment or "Plan it differently.")
    return _typed(event.response_type, answer)


def _form(kind: Any) -> dict[str, Any]:
    """Of an answer of this type."""
    try:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return dict(kind.model_json_schema())
        return dict(schema_of(kind)) or TEXT
    except TypeError:
        return TEXT


def _typed(kind: Any, answer: Any) -> Any:
    if kind is str:
        return result_text(answer)
    if get_origin(kind) is list and Message in getattr(kind, "__args__", ()):
        return [Message("user", [result_text(answer)])]
    if kind is Message:
        return Message("user", [result_text(answer)])
    try:
        return TypeAdapter(kind).validate_python(_value(answer))
    except ValueError as error:
        raise TaskFailed(
            f"this is no answer to what was asked: {error}"[:500], BAD_ANSWER
        ) from error


def _value(answer: Any) -> Any:
    """What words may stand for: 5, true, {…}."""
    try:
        return json.loads(answer) if isinstance(answer, str) else answer
    except ValueError:
        return answer


def _words(data: Any) -> str:
    """What an author's own request says of itself."""
    if isinstance(data, str):
        return data
    for name in ("question", "prompt", "message", "text"):
        if isinstance(told := getattr(data, name, None), str):
            return told
    return str(data)
