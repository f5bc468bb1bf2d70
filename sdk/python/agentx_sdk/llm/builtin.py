"""Tools that every agent can have by name."""

import ast
import operator
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

MOST = 10**30  # no number larger than this comes up on the way
LONGEST = 200  # characters of an expression
OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}


async def clock() -> str:
    """The date and time now, in UTC, as ISO 8601."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


async def calculator(expression: str) -> float:
    """Work out an arithmetic expression such as (2 + 3) * 4.

    Args:
        expression: Numbers, brackets and + - * / // % **.
    """
    if len(expression) > LONGEST:
        raise ValueError(f"an expression has at most {LONGEST} characters")
    try:
        tree = ast.parse(expression.strip(), mode="eval")
    except SyntaxError:
        raise ValueError(f"{expression!r} is no arithmetic expression") from None
    value: float = _value(tree.body)
    return value


def _value(node: ast.AST) -> Any:
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return number
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
            return _bounded(op, _value(left), _value(right))
        case ast.UnaryOp(op=op, operand=operand) if type(op) in OPERATORS:
            return OPERATORS[type(op)](_value(operand))
        case _:
            raise ValueError("only numbers, brackets and + - * / // % ** are understood")


def _bounded(op: ast.AST, left: Any, right: Any) -> Any:
    if isinstance(op, ast.Pow) and (abs(right) > 100 or abs(left) > MOST):
        raise ValueError("this power is too large")
    result = OPERATORS[type(op)](left, right)
    if isinstance(result, complex) or abs(result) > MOST:
        raise ValueError("this number is too large")
    return result


TOOLS: dict[str, Callable[..., Any]] = {"clock": clock, "calculator": calculator}
