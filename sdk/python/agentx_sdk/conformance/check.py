"""What a check is: a rule of the protocol page, and a coroutine that tries it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, TypeVar

CHAPTERS = (
    "start",
    "calls",
    "agents",
    "tools",
    "config",
    "turns",
    "memory",
    "lease",
    "end",
    "state",
    "log",
    "tcp",
)
_CHECKS: dict[str, "Check"] = {}
Value = TypeVar("Value")


class Failed(AssertionError):
    """The rule is broken; says how."""


class Skipped(Exception):
    """There is nothing to check here; says why."""


@dataclass(frozen=True)
class Check:
    """`id` such as "turns.cancel"; `rule` the number on the protocol page."""

    id: str
    rule: str
    what: str
    run: Callable[[Any], Awaitable[None]]
    shared: bool  # leaves the common process as it was; else it starts its own


@dataclass(frozen=True)
class Result:
    """How a check went: "passed", "failed" or "skipped", and why unless it passed."""

    check: Check
    outcome: str
    reason: str = ""
    seconds: float = 0.0


def check(name: str, rule: str, *, shared: bool = True) -> Callable[[Any], Any]:
    """Enter a coroutine function into the suite; its docstring says what is checked."""

    def enter(function: Callable[[Any], Awaitable[None]]) -> Callable[[Any], Awaitable[None]]:
        if name in _CHECKS:
            raise ValueError(f"two checks are named {name}")
        what = (function.__doc__ or "").strip()
        _CHECKS[name] = Check(name, rule, what, function, shared)
        return function

    return enter


def all_checks() -> list[Check]:
    """Every check, chapter by chapter."""
    for chapter in CHAPTERS:
        import_module(f"agentx_sdk.conformance.checks.{chapter}")
    order = {name: place for place, name in enumerate(CHAPTERS)}
    return sorted(_CHECKS.values(), key=lambda each: order[each.id.partition(".")[0]])


def expect(truth: object, otherwise: str) -> None:
    """Raises `Failed` unless it is so."""
    if not truth:
        raise Failed(otherwise)


def same(found: Value, wanted: Value, what: str) -> None:
    """Raises `Failed` that tells both."""
    if found != wanted:
        raise Failed(f"{what} is {found!r}, not {wanted!r}")
