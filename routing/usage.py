"""What models were used for: as a turn's last status tells it, and as a task adds it up. Pure.

A status tells `{"agentx": {"usage": [{"model", "inputTokens", "outputTokens", "cost"?, "currency"?}]}}` in its metadata.
A task keeps `{"inputTokens", "outputTokens", "models": [...], "cost"?, "currency"?}` of all its turns; the cost only while
everything that cost something did so in one currency.
"""

import math
import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from routing.record import Json
from routing.signals import Usage

MAX_MODELS: Final = 50  # told by one status, or kept of one task
MAX_TOKENS: Final = 10**12
MAX_COST: Final = 10**9
_CURRENCY: Final = re.compile(r"[A-Z]{3}\Z")


def usage_of(statuses: Iterable[Json]) -> list[Usage]:
    """What these A2A TaskStatuses tell. What cannot be read is left out: it must not cost anybody an answer."""
    told = (status.get("metadata", {}).get("agentx") for status in statuses)
    lists = (each.get("usage") for each in told if isinstance(each, dict))
    entries = (entry for each in lists if isinstance(each, list) for entry in each[:MAX_MODELS])
    return [_entry(entry) for entry in entries if isinstance(entry, dict)]


def added(before: Json | None, usage: Sequence[Usage]) -> Json | None:
    """The task's usage with that of another turn."""
    if not usage:
        return before
    total = dict(before or {"inputTokens": 0, "outputTokens": 0, "models": []})
    had_tokens = bool(total["inputTokens"] or total["outputTokens"])
    for each in usage:
        total["inputTokens"] += each.input_tokens
        total["outputTokens"] += each.output_tokens
    models = {*total["models"], *(each.model for each in usage)}
    total["models"] = sorted(models)[:MAX_MODELS]
    return total | _cost(total, usage, is_first=not had_tokens)


def _cost(total: Json, usage: Sequence[Usage], *, is_first: bool) -> Json:
    """Nothing when a part of it is not known: half a price would look like a price."""
    currencies = {each.currency for each in usage}
    if not is_first:
        currencies.add(total.get("currency", ""))
    cost = total.pop("cost", 0.0)
    total.pop("currency", None)
    priced = [each.cost for each in usage if each.cost is not None]
    if len(priced) < len(usage) or len(currencies) > 1 or currencies == {""}:
        return {}
    return {"cost": round(cost + sum(priced), 10), "currency": currencies.pop()}


def _entry(entry: Json) -> Usage:
    cost, currency = _number(entry.get("cost"), MAX_COST), entry.get("currency", "USD")
    is_known = isinstance(currency, str) and _CURRENCY.match(currency)
    return Usage(
        model=str(entry.get("model") or "")[:200],
        input_tokens=int(_number(entry.get("inputTokens"), MAX_TOKENS) or 0),
        output_tokens=int(_number(entry.get("outputTokens"), MAX_TOKENS) or 0),
        cost=cost if is_known else None,
        currency=currency if is_known and cost is not None else "",
    )


def _number(value: Any, most: int) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if math.isfinite(value) and 0 <= value <= most else None
