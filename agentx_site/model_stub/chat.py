"""/v1/chat/completions: the request as it is asked, and the answer as its API has it."""

import re
import time
from collections.abc import Iterator
from typing import Any, Final
from uuid import uuid4

from agentx_site.model_stub.asking import Answer, Asked, Json, Offered, Role, Said
from agentx_site.model_stub.errors import bad
from agentx_site.model_stub.reading import (
    ANY_OBJECT,
    list_of,
    name_of,
    number_of,
    object_of,
    offered,
    pictures_in,
    text_of,
)

WORD: Final = re.compile(r"\s*\S+\s*$|\s*\S+")
ROLES: Final[dict[str, Role]] = {
    "system": "system", "developer": "system", "user": "user", "assistant": "assistant",
    "tool": "tool", "function": "tool",
}  # fmt: skip


def asked(told: Json, retried: int = 0) -> Asked:
    """Raises `ModelError`."""
    messages = list_of(told.get("messages"), "messages")
    if not messages:
        raise bad("Missing required parameter: 'messages'.", "messages")
    return Asked(
        model=name_of(told),
        messages=[_said(each, f"messages.{place}") for place, each in enumerate(messages)],
        tools=list(_tools(told)),
        choice=_choice(told.get("tool_choice")),
        parallel=told.get("parallel_tool_calls") is not False,
        schema=_schema(told),
        stream=bool(told.get("stream")),
        most=number_of(told.get("max_completion_tokens", told.get("max_tokens")), "max_tokens"),
        retried=retried,
    )


def _said(message: Json, param: str) -> Said:
    role = ROLES.get(str(message.get("role")))
    if role is None:
        raise bad(f"Invalid value for '{param}.role'.", f"{param}.role", "invalid_value")
    content = message.get("content")
    return Said(role, text_of(content), pictures_in(content))


def _tools(told: Json) -> Iterator[Offered]:
    for place, each in enumerate(list_of(told.get("tools"), "tools")):
        if each.get("type") != "function":
            raise bad("The demo model has no tools but functions.", f"tools.{place}.type")
        param = f"tools.{place}.function"
        yield offered(object_of(each.get("function"), param), param)


def _choice(told: Any) -> str:
    if isinstance(told, dict):
        return str(object_of(told.get("function"), "tool_choice.function").get("name", "auto"))
    return str(told or "auto")


def _schema(told: Json) -> Json | None:
    form = object_of(told.get("response_format"), "response_format")
    match form.get("type"):
        case "json_schema":
            return object_of(
                object_of(form.get("json_schema"), "json_schema").get("schema"), "schema"
            )
        case "json_object":
            return ANY_OBJECT
        case _:
            return None


# ---- The answer


def whole(asked: Asked, answer: Answer) -> Json:
    """A `chat.completion`."""
    message: Json = {"role": "assistant", "content": answer.text or None, "refusal": None}
    if answer.calls:
        message["tool_calls"] = _calls(answer)
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _reason(answer)}
    return _about(asked, "chat.completion") | {"choices": [choice], "usage": usage(asked, answer)}


def events(asked: Asked, answer: Answer, with_usage: bool) -> Iterator[tuple[bool, str, Json]]:
    """`chat.completion.chunk`s, each with whether a word is in it, and no name: this API has none."""
    about = _about(asked, "chat.completion.chunk") | ({"usage": None} if with_usage else {})

    def chunk(delta: Json, reason: str | None = None) -> Json:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        return about | {"choices": [choice]}

    yield False, "", chunk({"role": "assistant", "content": None if answer.calls else ""})
    for word in WORD.findall(answer.text):
        yield True, "", chunk({"content": word})
    for delta in _call_deltas(answer):
        yield False, "", chunk({"tool_calls": [delta]})
    yield False, "", chunk({}, _reason(answer))
    if with_usage:
        yield False, "", about | {"choices": [], "usage": usage(asked, answer)}


def _call_deltas(answer: Answer) -> Iterator[Json]:
    """Name first, then the arguments in two pieces: who puts them together wrongly shall notice."""
    for place, call in enumerate(_calls(answer)):
        arguments = call["function"]["arguments"]
        half = len(arguments) // 2
        yield {
            "index": place,
            **call,
            "function": {"name": call["function"]["name"], "arguments": ""},
        }
        for piece in (arguments[:half], arguments[half:]):
            yield {"index": place, "function": {"arguments": piece}}


def _calls(answer: Answer) -> list[Json]:
    return [
        {
            "id": f"call_{uuid4().hex[:24]}",
            "type": "function",
            "function": {"name": call.name, "arguments": call.arguments},
        }
        for call in answer.calls
    ]


def _reason(answer: Answer) -> str:
    return "tool_calls" if answer.calls else "length" if answer.is_cut else "stop"


def _about(asked: Asked, kind: str) -> Json:
    return {
        "id": f"chatcmpl-{uuid4().hex[:29]}",
        "object": kind,
        "created": int(time.time()),
        "model": asked.model,
        "system_fingerprint": None,
        "service_tier": "default",
    }


def usage(asked: Asked, answer: Answer) -> Json:
    return {
        "prompt_tokens": asked.words,
        "completion_tokens": answer.words,
        "total_tokens": asked.words + answer.words,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
    }
