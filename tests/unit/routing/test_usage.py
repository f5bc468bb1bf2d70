"""What models were used for: read from whatever agents tell, and added up."""

import pytest

from routing.signals import Usage
from routing.usage import MAX_MODELS, added, usage_of


def told(*entries):
    return [{"state": "x", "metadata": {"agentx": {"usage": list(entries)}}}]


def test_it_is_read_from_the_metadata_of_a_status():
    entry = {"model": "m", "inputTokens": 3, "outputTokens": 2, "cost": 0.5, "currency": "EUR"}
    assert usage_of(told(entry)) == [Usage("m", 3, 2, 0.5, "EUR")]
    assert usage_of(told({"model": "m", "inputTokens": 1})) == [Usage("m", 1, 0)]


@pytest.mark.parametrize(
    "status",
    [
        {},
        {"metadata": {}},
        {"metadata": {"agentx": 1}},
        {"metadata": {"agentx": {"usage": "many"}}},
        {"metadata": {"agentx": {"usage": [1, None, []]}}},
    ],
)
def test_what_cannot_be_read_is_left_out(status):
    assert usage_of([status]) == []


@pytest.mark.parametrize("tokens", [-1, True, "3", float("nan"), float("inf"), 10**13, None])
def test_nonsense_counts_as_nothing(tokens):
    assert usage_of(told({"model": "m", "inputTokens": tokens, "cost": tokens})) == [
        Usage("m", 0, 0)
    ]


def test_a_currency_is_three_capitals():
    assert usage_of(told({"model": "m", "cost": 1, "currency": "money"})) == [Usage("m", 0, 0)]


def test_so_many_models_are_told_at_once():
    assert len(usage_of(told(*[{"model": str(n)} for n in range(99)]))) == MAX_MODELS


def test_turns_are_added_up():
    first = added(None, [Usage("a", 1, 2, 0.1, "USD")])
    assert added(first, []) == first
    assert added(first, [Usage("b", 10, 20, 0.2, "USD")]) == {
        "inputTokens": 11,
        "outputTokens": 22,
        "models": ["a", "b"],
        "cost": 0.3,
        "currency": "USD",
    }


@pytest.mark.parametrize("other", [Usage("b", 1, 1), Usage("b", 1, 1, 2.0, "EUR")])
def test_half_a_price_is_none(other):
    first = added(None, [Usage("a", 1, 2, 0.1, "USD")])
    total = added(first, [other])
    assert "cost" not in total
    assert "cost" not in added(total, [Usage("a", 1, 2, 0.1, "USD")])
