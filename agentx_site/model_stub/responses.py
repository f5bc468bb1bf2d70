"""/v1/responses: the request as it is asked, and the answer as its API has it. Nothing is kept between two of them."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from agentx_site.model_stub.asking import Answer, Asked, Json, Offered, Said
from agentx_site.model_stub.chat import ROLES, WORD
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

NOT_KEPT = "The demo model keeps no responses: send the whole conversation as input."
UNSAID = ("function_call", "reasoning")  # items that say nothing to the model


def asked(told: Json, retried: int = 0) -> Asked:
    """Raises `ModelError`."""
    for name in ("previous_response_id", "conversation", "background", "prompt"):
        if told.get(name):
            raise bad(NOT_KEPT, name, "unsupported_parameter")
    return Asked(
        model=name_of(told),
        messages=[*_instructions(told), *_input(told)],
        tools=list(_tools(told)),
        choice=_choice(told.get("tool_choice")),
        parallel=told.get("parallel_tool_calls") is not False,
        schema=_schema(told),
        stream=bool(told.get("stream")),
        most=number_of(told.get("max_output_tokens"), "max_output_tokens"),
        retried=retried,
    )


def _instructions(told: Json) -> list[Said]:
    text = told.get("instructions")
    return [Said("system", str(text))] if text else []


def _input(told: Json) -> Iterator[Said]:
    given = told.get("input")
    if isinstance(given, str):
        yield Said("user", given)
        return
    if not given:
        raise bad("Missing required parameter: 'input'.", "input")
    for place, item in enumerate(list_of(given, "input")):
        yield _said(item, f"input.{place}")


def _said(item: Json, param: str) -> Said:
    kind = item.get("type", "message")
    if kind == "function_call_output":
        return Said("tool", text_of(item.get("output")))
    if kind in UNSAID:
        return Said("assistant")
    role = ROLES.get(str(item.get("role")))
    if kind != "message" or role is None:
        raise bad(f"The demo model does not know items of type '{kind}'.", param, "invalid_value")
    return Said(role, text_of(item.get("content")), pictures_in(item.get("content")))


def _tools(told: Json) -> Iterator[Offered]:
    for place, each in enumerate(list_of(told.get("tools"), "tools")):
        if each.get("type") != "function":
            raise bad("The demo model has no tools but functions.", f"tools.{place}.type")
        yield offered(each, f"tools.{place}")


def _choice(told: Any) -> str:
    return str(told.get("name", "auto")) if isinstance(told, dict) else str(told or "auto")


def _schema(told: Json) -> Json | None:
    form = object_of(object_of(told.get("text"), "text").get("format"), "text.format")
    match form.get("type"):
        case "json_schema":
            return object_of(form.get("schema"), "text.format.schema")
        case "json_object":
            return ANY_OBJECT
        case _:
            return None


# ---- The answer


def whole(told: Json, asked: Asked, answer: Answer) -> Json:
    """A `response`, complete."""
    items = [_call_item(call.name, call.arguments) for call in answer.calls]
    return _response(told, asked) | _end(asked, answer, items or [_message_item(answer.text)])


def events(told: Json, asked: Asked, answer: Answer) -> Iterator[tuple[bool, str, Json]]:
    """Its events, each with whether a word is in it, and its name."""
    stream = _Stream(_response(told, asked))
    yield from stream.begun()
    if answer.calls:
        for call in answer.calls:
            yield from stream.call(_call_item(call.name, call.arguments))
    else:
        yield from stream.message(_message_item(answer.text))
    yield stream.ended(_end(asked, answer, stream.output))


Event = tuple[bool, str, Json]


@dataclass
class _Stream:
    response: Json
    output: list[Json] = field(default_factory=list)
    number: int = -1

    def _event(self, kind: str, has_word: bool = False, **rest: Any) -> Event:
        self.number += 1
        return has_word, kind, {"type": kind, "sequence_number": self.number, **rest}

    def begun(self) -> Iterator[Event]:
        yield self._event("response.created", response=self.response)
        yield self._event("response.in_progress", response=self.response)

    def ended(self, end: Json) -> Event:
        whole = self.response | end
        return self._event(f"response.{whole['status']}", response=whole)

    def message(self, item: Json) -> Iterator[Event]:
        part = item["content"][0]
        text: str = part["text"]
        place = {"output_index": len(self.output), "item_id": item["id"], "content_index": 0}
        yield self._added(item | {"content": []})
        yield self._event("response.content_part.added", **place, part=part | {"text": ""})
        for word in WORD.findall(text):
            delta = {**place, "delta": word, "logprobs": []}
            yield self._event("response.output_text.delta", True, **delta)
        yield self._event("response.output_text.done", **place, text=text, logprobs=[])
        yield self._event("response.content_part.done", **place, part=part)
        yield self._done(item)

    def call(self, item: Json) -> Iterator[Event]:
        arguments: str = item["arguments"]
        half = len(arguments) // 2
        place = {"output_index": len(self.output), "item_id": item["id"]}
        yield self._added(item | {"arguments": ""})
        for piece in (arguments[:half], arguments[half:]):
            yield self._event("response.function_call_arguments.delta", **place, delta=piece)
        done = {**place, "name": item["name"], "arguments": arguments}
        yield self._event("response.function_call_arguments.done", **done)
        yield self._done(item)

    def _added(self, item: Json) -> Event:
        begun = item | {"status": "in_progress"}
        return self._event("response.output_item.added", output_index=len(self.output), item=begun)

    def _done(self, item: Json) -> Event:
        self.output.append(item)
        place = len(self.output) - 1
        return self._event("response.output_item.done", output_index=place, item=item)


def _message_item(text: str) -> Json:
    part: Json = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    return {
        "type": "message",
        "id": f"msg_{uuid4().hex}",
        "role": "assistant",
        "status": "completed",
        "content": [part],
    }


def _call_item(name: str, arguments: str) -> Json:
    return {
        "type": "function_call",
        "id": f"fc_{uuid4().hex}",
        "call_id": f"call_{uuid4().hex[:24]}",
        "name": name,
        "arguments": arguments,
        "status": "completed",
    }


def _response(told: Json, asked: Asked) -> Json:
    """Begun, with nothing said yet."""
    text = told.get("text") or {"format": {"type": "text"}}
    return {
        "id": f"resp_{uuid4().hex}",
        "object": "response",
        "created_at": int(time.time()),
        "status": "in_progress",
        "background": False,
        "error": None,
        "incomplete_details": None,
        "instructions": told.get("instructions"),
        "max_output_tokens": asked.most,
        "metadata": told.get("metadata") or {},
        "model": asked.model,
        "output": [],
        "parallel_tool_calls": asked.parallel,
        "previous_response_id": None,
        "reasoning": {"effort": None, "summary": None},
        "service_tier": "default",
        "store": False,
        "temperature": told.get("temperature", 1.0),
        "text": text,
        "tool_choice": told.get("tool_choice") or "auto",
        "tools": told.get("tools") or [],
        "top_p": told.get("top_p", 1.0),
        "truncation": "disabled",
        "usage": None,
        "user": None,
    }


def _end(asked: Asked, answer: Answer, output: list[Json]) -> Json:
    reason = {"reason": "max_output_tokens"} if answer.is_cut else None
    usage = {
        "input_tokens": asked.words,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": answer.words,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": asked.words + answer.words,
    }
    status = "incomplete" if answer.is_cut else "completed"
    return {"status": status, "incomplete_details": reason, "output": output, "usage": usage}
