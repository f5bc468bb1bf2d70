"""What a graph asks when it is interrupted, as a question with a form; and the answer, as the graph wants it."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from agentx_sdk.content import InputRequired

WORDS = ("question", "message", "prompt", "text", "description")  # where graphs put their question
ANSWER, GO_ON = "answer", "go_on"
YES = frozenset({"yes", "y", "ok", "okay", "true", "approve", "approved", "go on"})
NO = frozenset({"no", "n", "false", "reject", "rejected", "stop"})
TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "array": list,
    "object": dict,
}


class Unclear(ValueError):
    """The answer does not fit the form; says why."""


@dataclass
class Question:
    """One interrupt. `kind`: plain (any answer), form (an object), one (a single value), review, step.

    A graph's interrupt is any value; one that is an object may say `question`, `schema` and `name`.
    `keys`: the names in the form of what the answer has; `review`: what tools are to be called with.
    """

    id: str
    words: str
    name: str = ""  # of its answer, in a form of several questions
    kind: str = "plain"
    schema: dict[str, Any] = field(default_factory=dict)  # of an object
    keys: dict[str, str] = field(default_factory=dict)
    review: list[dict[str, Any]] = field(default_factory=list)


def questions_of(interrupts: Iterable[Any], standing_before: Iterable[str] = ()) -> list[Question]:
    """Of a graph's interrupts; of one that only stands before a node, whether it shall go on."""
    found = [_question(each) for each in interrupts]
    if not found:
        words = f"Go on with {', '.join(standing_before)}?"
        go_on = _object({GO_ON: {"type": "boolean"}}, [GO_ON])
        found = [Question("", words, kind="step", schema=go_on)]
    return _named(found)


def asked(questions: list[Question], why: str = "") -> InputRequired:
    """All of them at once. `why`: what was wrong with the last answer."""
    told = [each.words for each in questions]
    words = told[0] if len(told) == 1 else "\n".join(f"{n}. {w}" for n, w in enumerate(told, 1))
    return InputRequired(f"{why}\n{words}" if why else words, schema=_form(questions))


def to_json(questions: list[Question]) -> list[dict[str, Any]]:
    """For a memory."""
    return [asdict(each) for each in questions]


def from_json(told: Iterable[dict[str, Any]]) -> list[Question]:
    """What `to_json` gave."""
    return [Question(**each) for each in told]


def answers(questions: list[Question], answer: Any) -> dict[str, Any]:
    """What each interrupt is answered, by its id; those left out are asked again. Raises `Unclear`."""
    if len(questions) == 1 and questions[0].kind == "plain":
        return {questions[0].id: answer}
    if isinstance(answer, str):
        answer = _from_text(questions, answer)
    if not isinstance(answer, dict):
        answer = _in_form(questions, answer)
    found = {}
    for question in questions:
        own = {key: answer[name] for name, key in question.keys.items() if name in answer}
        if own:
            found[question.id] = _value(question, own)
    if not found:
        raise Unclear("Please fill in the form.")
    return found


# ---- Questions


def _question(interrupt: Any) -> Question:
    value, schema = interrupt.value, getattr(interrupt, "response_schema", None)
    told = value if isinstance(value, dict) else {}
    if "action_requests" in told:
        return _review(interrupt.id, told)
    question = Question(interrupt.id, _words(value), str(told.get("name") or ""))
    schema = told.get("schema") if schema is None else schema
    if not isinstance(schema, dict) or not schema:
        return question
    if schema.get("type") == "object" and schema.get("properties"):
        return replace(question, kind="form", schema=schema)
    return replace(question, kind="one", schema=_object({ANSWER: schema}, [ANSWER]))


def _words(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        for name in WORDS:
            if isinstance(value.get(name), str):
                return str(value[name])
    return json.dumps(value, ensure_ascii=False, default=str)


def _review(interrupt_id: str, value: dict[str, Any]) -> Question:
    """Of the middleware that lets people approve calls of tools."""
    rules = {each["action_name"]: each["allowed_decisions"] for each in value["review_configs"]}
    requests = [
        {"name": each["name"], "args": each["args"], "decisions": list(rules[each["name"]])}
        for each in value["action_requests"]
    ]
    properties: dict[str, Any] = {}
    for place, each in enumerate(requests):
        properties |= _review_fields(each, _suffix(place, requests))
    words = "\n".join(each.get("description") or each["name"] for each in value["action_requests"])
    needed = [name for name in properties if name.startswith(("approved", "decision"))]
    form = _object(properties, needed)
    return Question(interrupt_id, words, kind="review", schema=form, review=requests)


def _suffix(place: int, requests: list[dict[str, Any]]) -> str:
    return f"_{place + 1}" if len(requests) > 1 else ""


def _review_fields(request: dict[str, Any], suffix: str) -> dict[str, Any]:
    """One yes or no where nothing else is allowed, so that it can be two buttons."""
    allowed, what = request["decisions"], f"{request['name']}({_short(request['args'])})"
    if set(allowed) <= {"approve", "reject"}:
        return {f"approved{suffix}": {"type": "boolean", "description": what}}
    fields = {f"decision{suffix}": {"enum": allowed, "description": what}}
    if "edit" in allowed:
        told = json.dumps(request["args"], ensure_ascii=False)
        about = "To edit: the arguments, as JSON."
        fields[f"arguments{suffix}"] = {"type": "string", "default": told, "description": about}
    about = "To reject or to respond: what the model is told."
    return {**fields, f"message{suffix}": {"type": "string", "description": about}}


def _short(arguments: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in arguments.items())[:300]


def _object(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required}


def _named(questions: list[Question]) -> list[Question]:
    """Each with the names that its fields have in the one form."""
    taken: set[str] = set()
    for place, each in enumerate(questions, 1):
        own = list(each.schema["properties"]) if each.schema else [ANSWER]
        name = each.name or f"{ANSWER}_{place}"
        for key in own:
            short = name if own == [ANSWER] and len(questions) > 1 else key
            short = short if short not in taken else f"{name}_{key}"
            each.keys[short if short not in taken else f"{short}_{place}"] = key
            taken |= set(each.keys)
    return questions


def _form(questions: list[Question]) -> dict[str, Any] | None:
    if len(questions) == 1:
        return questions[0].schema or None
    properties: dict[str, Any] = {}
    for each in questions:
        fields = (each.schema or _object({ANSWER: {"type": "string"}}, []))["properties"]
        properties |= {
            name: {"title": each.words, **fields[key]} for name, key in each.keys.items()
        }
    return _object(properties, [])


# ---- Answers


def _from_text(questions: list[Question], text: str) -> Any:
    """What somebody who answers in words means. Raises `Unclear`."""
    try:
        told = json.loads(text)
    except ValueError:
        told = text
    return told if isinstance(told, dict) else _in_form(questions, told)


def _in_form(questions: list[Question], told: Any) -> dict[str, Any]:
    """One value, for a form that needs no more than one. Raises `Unclear`."""
    needed = [name for each in questions for name in each.keys if _is_needed(each, name)]
    if len(questions) > 1 or len(needed) != 1:
        raise Unclear("Please fill in the form.")
    fields = questions[0].schema["properties"][questions[0].keys[needed[0]]]
    return {needed[0]: _meant(fields, told)}


def _is_needed(question: Question, name: str) -> bool:
    key, required = question.keys[name], question.schema.get("required", ())
    return key in required or len(question.keys) == 1


def _meant(field_schema: dict[str, Any], told: Any) -> Any:
    word = told.strip().lower().rstrip(".!") if isinstance(told, str) else told
    if field_schema.get("type") == "boolean" and word in YES | NO:
        return word in YES
    for choice in field_schema.get("enum", ()):
        if word == str(choice).lower():
            return choice
    return str(told) if field_schema.get("type") == "string" else told


def _value(question: Question, own: dict[str, Any]) -> Any:
    _check(question, own)
    if question.kind == "review":
        return {
            "decisions": [
                _decision(each, own, _suffix(n, question.review))
                for n, each in enumerate(question.review)
            ]
        }
    return own if question.kind == "form" else next(iter(own.values()))


def _check(question: Question, own: dict[str, Any]) -> None:
    """Raises `Unclear`, by field."""
    fields = question.schema.get("properties", {})
    wrong = [
        f"{name} is missing" for name in question.schema.get("required", ()) if name not in own
    ]
    for name, value in own.items():
        told = fields.get(name, {})
        if "enum" in told and value not in told["enum"]:
            wrong.append(f"{name} must be one of {', '.join(map(str, told['enum']))}")
        elif (kind := TYPES.get(str(told.get("type")))) and not _is_a(value, kind):
            wrong.append(f"{name} must be of type {told['type']}")
    if wrong:
        raise Unclear(f"This does not fit: {'; '.join(wrong)}.")


def _is_a(value: Any, kind: type | tuple[type, ...]) -> bool:
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))


def _decision(request: dict[str, Any], own: dict[str, Any], suffix: str) -> dict[str, Any]:
    if f"approved{suffix}" in own:
        return {"type": "approve" if own[f"approved{suffix}"] else "reject"}
    kind, message = own[f"decision{suffix}"], own.get(f"message{suffix}", "")
    if kind == "edit":
        return {
            "type": "edit",
            "edited_action": {"name": request["name"], "args": _arguments(own, suffix)},
        }
    needs = kind == "respond" or (kind == "reject" and message)
    return {"type": kind, "message": message} if needs else {"type": kind}


def _arguments(own: dict[str, Any], suffix: str) -> dict[str, Any]:
    told = own.get(f"arguments{suffix}", "")
    try:
        found = json.loads(told) if isinstance(told, str) else told
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Unclear("The arguments must be a JSON object.")
    return found
