"""What `agentx send` says beside an answer, on stderr: tools that are called, what models used, forms to fill in."""

import json
import shlex
from collections.abc import Iterable, Iterator
from typing import Any, Final

import click

from agentx_site.cli.output import harmless
from agentx_site.cli.server import Json
from routing.content import form_of, tool_of

BRIEF: Final = 160  # characters of arguments and results
WORDS: Final = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "yes or no",
    "array": "list",
    "object": "JSON object",
}
SAMPLES: Final[dict[str, Any]] = {"integer": 1, "number": 1, "boolean": True, "array": []}


def words_of(parts: Iterable[Json]) -> list[Json]:
    """The parts that are the answer itself."""
    return [part for part in parts if tool_of(part) is None and form_of(part) is None]


def tell_tools(parts: Iterable[Json]) -> None:
    """A line for each call of a tool, and for each result."""
    for part in parts:
        if tool := tool_of(part):
            click.echo(_tool_line(*tool), err=True)


def _tool_line(kind: str, data: Json) -> str:
    name = harmless(str(data.get("name", "")))
    if kind == "tool_call":
        return f"  {name} {_brief(data.get('arguments', {}))}"
    if "error" in data:
        return f"  {name} failed: {_brief(data['error'])}"
    return f"  {name} → {_brief(data.get('result'))}"


def _brief(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = harmless(" ".join(text.split()))
    return text if len(text) <= BRIEF else f"{text[:BRIEF]}…"


def tell_usage(usage: Iterable[Json]) -> None:
    """What each model took. `usage`: entries of a status, or of a task as the API has it."""
    for each in usage:
        told = f"{_brief(each.get('inputTokens', 0))} tokens in, "
        told += f"{_brief(each.get('outputTokens', 0))} out"
        if isinstance(cost := each.get("cost"), int | float):
            price = f"{cost:.6f}".rstrip("0").rstrip(".")
            told += f", {price} {harmless(str(each.get('currency') or 'USD'))}"
        models = each.get("models") or [each.get("model")]
        names = ", ".join(harmless(str(name)) for name in models if name)
        click.echo(f"agentx: {told}{f' ({names})' if names else ''}", err=True)


def usage_in(update: Json) -> list[Json]:
    """Of a status update."""
    ours = (update.get("metadata") or {}).get("agentx")
    told = ours.get("usage") if isinstance(ours, dict) else None
    return [each for each in told if isinstance(each, dict)] if isinstance(told, list) else []


def tell_question(parts: Iterable[Json], agent: str, task_id: str) -> None:
    """How the task that waits is answered; a form field by field."""
    for schema in filter(None, map(form_of, parts)):
        for line in _fields(schema):
            click.echo(line, err=True)
        data = json.dumps(_sample(schema), ensure_ascii=False)
        # It is there to be copied into a shell, and its words are the agent's.
        given = shlex.quote(harmless(data))
        told = f"agentx: answer with: agentx send {agent} --task {task_id} --data {given}"
        click.echo(told, err=True)
        return
    click.echo(
        f"agentx: the agent waits for an answer: send it with --task {task_id}",
        err=True,
    )


def _fields(schema: Json) -> Iterator[str]:
    required = schema.get("required") or ()
    for name, each in (schema.get("properties") or {}).items():
        facts = "; ".join(_facts(each, name in required))
        description = f": {harmless(str(each['description']))}" if each.get("description") else ""
        yield f"  {harmless(str(name))} ({facts}){description}"


def _facts(schema: Json, required: bool) -> Iterator[str]:
    if "enum" in schema:
        yield "one of " + ", ".join(_brief(value) for value in schema["enum"])
    else:
        yield WORDS.get(_type_of(schema), "JSON")
    for word, told in (("minimum", "at least"), ("maximum", "at most")):
        if word in schema:
            yield f"{told} {_brief(schema[word])}"
    if required:
        yield "needed"
    if "default" in schema:
        yield f"else {_brief(schema['default'])}"


def _type_of(schema: Json) -> str:
    told = schema.get("type")
    return next((t for t in told if t != "null"), "") if isinstance(told, list) else str(told)


def _sample(schema: Json) -> Any:
    """An answer that shows its shape: what is needed, with its defaults."""
    if "default" in schema:
        return schema["default"]
    if schema.get("enum"):
        return schema["enum"][0]
    if properties := schema.get("properties"):
        needed = schema.get("required") or list(properties)
        return {name: _sample(properties[name]) for name in needed if name in properties}
    return SAMPLES.get(_type_of(schema), "…")
