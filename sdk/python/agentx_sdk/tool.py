"""Tools: functions of the plugin that can be called from outside."""

import asyncio
import inspect
import re
import typing
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar, overload

from agentx_sdk import typed
from agentx_sdk.turn import Agent

MARK = "__agentx_tool__"
Function = TypeVar("Function", bound=Callable[..., Any])


class InvalidArguments(ValueError):
    """The arguments do not fit; `fields` says which, and what is wrong with each."""

    def __init__(self, fields: dict[str, str]) -> None:
        super().__init__("; ".join(f"{name} {words}" for name, words in fields.items()))
        self.fields = fields


@dataclass
class Tool:
    """A function that can be called from outside. `run` takes the arguments by name."""

    name: str
    run: Callable[..., Any]
    description: str = ""
    input_schema: dict[str, Any] = field(default_factory=lambda: {"type": "object"})
    output_schema: dict[str, Any] = field(default_factory=dict)

    async def call(self, arguments: dict[str, Any], agent: Agent | None) -> Any:
        """Run it; a plain function runs in a thread. Raises `InvalidArguments`."""
        needed = self.input_schema.get("required") or ()
        if missing := {name: "is missing" for name in needed if name not in arguments}:
            raise InvalidArguments(missing)
        return await _run(self.run, arguments)


@dataclass
class TypedTool(Tool):
    """A tool whose annotations say what it takes."""

    entries: tuple[typed.Entry, ...] = ()
    agent_name: str = ""  # the parameter that takes the agent

    async def call(self, arguments: dict[str, Any], agent: Agent | None) -> Any:
        """The same, with each argument as its type has it."""
        problems: dict[str, str] = {}
        given = typed.read_fields(self.entries, arguments, problems)
        if problems:
            raise InvalidArguments(problems)
        if self.agent_name:
            given[self.agent_name] = agent
        return typed.plain(await _run(self.run, given))


@overload
def tool(function: Function) -> Function: ...
@overload
def tool(*, name: str = "", description: str = "") -> Callable[[Function], Function]: ...
def tool(function: Any = None, *, name: str = "", description: str = "") -> Any:
    """Make a method of the adapter a tool: its annotations and docstring say what it takes.

    A parameter annotated as `Agent` (or `Agent | None`) is given the agent that was asked.
    """

    def mark(made: Function) -> Function:
        setattr(made, MARK, (name, description))
        return made

    return mark if function is None else mark(function)


def tools_of(owner: object) -> list[Tool]:
    """A tool for each method that is marked, in the order they were written."""
    found: dict[str, None] = {}
    for kind in reversed(type(owner).__mro__):
        found |= {name: None for name, made in vars(kind).items() if hasattr(made, MARK)}
    methods = [getattr(owner, name) for name in found]
    return [as_tool(method) for method in methods if hasattr(method, MARK)]


def as_tool(function: "Callable[..., Any] | Tool") -> Tool:
    """The tool that a function with annotations is. Raises TypeError."""
    if isinstance(function, Tool):
        return function
    name, description = getattr(function, MARK, ("", ""))
    text = inspect.cleandoc(function.__doc__ or "")
    hints = typing.get_type_hints(function, include_extras=True)
    parameters = inspect.signature(function).parameters.values()
    agents = [each.name for each in parameters if _is_agent(hints.get(each.name))]
    about = _arguments(text)
    entries = tuple(_entry(each, hints, about) for each in parameters if each.name not in agents)
    output = typed.schema_of(hints["return"]) if _is_object(hints.get("return")) else {}
    return TypedTool(
        name=name or function.__name__,
        run=function,
        description=description or text.partition("\n\n")[0].replace("\n", " "),
        input_schema=typed.object_schema(entries),
        output_schema=output,
        entries=entries,
        agent_name=agents[0] if agents else "",
    )


def _entry(
    parameter: inspect.Parameter, hints: dict[str, Any], about: dict[str, str]
) -> typed.Entry:
    if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
        raise TypeError(f"a tool takes arguments by name: {parameter} cannot be told")
    told = hints.get(parameter.name, Any)
    if words := about.get(parameter.name):
        told = typing.Annotated[told, words]
    is_needed = parameter.default is parameter.empty
    default = typed.MISSING if is_needed else parameter.default
    return typed.Entry(parameter.name, told, default, required=is_needed)


def _arguments(text: str) -> dict[str, str]:
    """What a docstring's section `Args:` says of each argument."""
    section = re.search(
        r"^(?:Args|Arguments|Parameters):\n((?:[ \t]+.*\n?|\n)+)", text, re.MULTILINE
    )
    lines = inspect.cleandoc(section[1]).splitlines() if section else []
    found: dict[str, str] = {}
    for line in lines:
        if begin := re.match(r"(\w+)\s*(?:\([^)]*\))?:\s*(.*)", line):
            name = begin[1]
            found[name] = begin[2]
        elif found and line.strip():
            found[name] += f" {line.strip()}"
    return found


def _is_agent(hint: Any) -> bool:
    return hint is Agent or (Agent in typing.get_args(hint) and hint is not None)


def _is_object(hint: Any) -> bool:
    """Whether a result is an object, the only kind worth a schema."""
    if hint is None or hint is Any:
        return False
    try:
        return typed.schema_of(hint).get("type") == "object"
    except TypeError:
        return False


async def _run(run: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    if inspect.iscoroutinefunction(run):
        return await run(**arguments)
    result = await asyncio.to_thread(lambda: run(**arguments))
    return await result if hasattr(result, "__await__") else result
