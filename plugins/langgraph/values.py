"""The values that a graph's nodes give and its texts and conditions name. Pure."""

import re
from collections.abc import Mapping
from typing import Any

from agentx_sdk.langchain.messages import text_of
from agentx_sdk.llm.messages import result_text
from config import ConditionConfig
from langchain_core.messages import AIMessage

NAMED = re.compile(r"\{([A-Za-z_][A-Za-z0-9_.]*)\}")
MISSING = object()


def known(state: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that a text or a condition may name."""
    messages = state.get("messages") or []
    last = messages[-1] if messages else None
    replies = [each for each in messages if isinstance(each, AIMessage)]
    return {
        **state.get("values", {}),
        "runs": state.get("runs", {}),
        "reply": text_of(replies[-1]) if replies else "",
        "tool_calls": len(last.tool_calls) if isinstance(last, AIMessage) else 0,
    }


def filled_in(text: str, state: Mapping[str, Any]) -> str:
    """The text with what `{name}` stands for; what has no such value stays as it is."""
    if "{" not in text:
        return text
    values = known(state)

    def put(match: re.Match[str]) -> str:
        found = found_in(values, match[1])
        return match[0] if found is MISSING else result_text(found)

    return NAMED.sub(put, text)


def found_in(values: Any, path: str) -> Any:
    """What lies there, by a dotted path; `MISSING` when nothing does."""
    for step in path.split("."):
        if not isinstance(values, Mapping) or step not in values:
            return MISSING
        values = values[step]
    return values


def holds(condition: ConditionConfig, state: Mapping[str, Any]) -> bool:
    """Whether it is true now."""
    found = found_in(known(state), condition.value)
    value = None if found is MISSING else found
    return _is_so(condition, value) != condition.negate


def _is_so(condition: ConditionConfig, value: Any) -> bool:
    asked = []
    if condition.equals is not None:
        same_kind = isinstance(value, bool) == isinstance(condition.equals, bool)
        asked.append(value == condition.equals and same_kind)
    if condition.contains:
        asked.append(condition.contains.lower() in result_text(value or "").lower())
    if condition.at_least is not None:
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        asked.append(is_number and value >= condition.at_least)
    return all(asked) if asked else bool(value)
