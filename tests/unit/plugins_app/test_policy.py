"""The autoscaler's arithmetic."""

import pytest

from plugins_app.policy import Limits, Load, Recommendation, decide, recommend, remembered

LIMITS = Limits(minimum=1, maximum=4, target=2, cooldown=15)
NOW = 1_000.0


@pytest.mark.parametrize(
    ("current", "in_flight", "wanted"),
    [
        (1, 0.0, 1),  # never below the minimum
        (1, 2.0, 1),
        (1, 2.2, 1),  # within the tolerance
        (1, 2.3, 2),
        (1, 4.0, 2),
        (1, 40.0, 4),  # never above the maximum
        (4, 7.3, 4),  # within the tolerance, downwards
        (4, 5.9, 3),
        (4, 4.000000001, 2),
        (2, 0.1, 1),
    ],
)
def test_it_asks_for_as_many_as_the_load_needs(current, in_flight, wanted):
    assert recommend(current, LIMITS, Load(in_flight)) == wanted


def test_it_grows_at_once_even_while_cooling_down():
    decision = decide(1, LIMITS, Load(7.0), now=NOW, last_change=NOW - 1)
    assert decision.wanted == 4
    assert "above the target" in decision.reason


def test_it_shrinks_only_after_the_cooldown():
    idle = Load(0.0)
    recent = [Recommendation(NOW - 14, 1)]
    held = decide(4, LIMITS, idle, now=NOW, last_change=NOW - 14, recent=recent)
    assert (held.wanted, held.reason) == (4, "cooling down for 1 s more")
    assert decide(4, LIMITS, idle, now=NOW, last_change=NOW - 15, recent=recent).wanted == 1


def test_it_shrinks_no_further_than_the_highest_recommendation_of_the_cooldown():
    recent = [Recommendation(NOW - 20, 4), Recommendation(NOW - 10, 3), Recommendation(NOW - 5, 1)]
    assert decide(4, LIMITS, Load(0.0), now=NOW, last_change=NOW - 60, recent=recent).wanted == 3


def test_without_memory_it_waits_one_cooldown_before_it_shrinks():
    first = decide(4, LIMITS, Load(0.0), now=NOW)
    assert first.wanted == 4
    memory = remembered([], 4, LIMITS, NOW, first.recommended)
    assert decide(4, LIMITS, Load(0.0), now=NOW + 14, recent=memory).wanted == 4
    memory = remembered(memory, 4, LIMITS, NOW + 14, 1)
    assert decide(4, LIMITS, Load(0.0), now=NOW + 15.5, recent=memory).wanted == 1


def test_what_was_not_measured_speaks_neither_for_growing_nor_for_shrinking():
    assert recommend(3, LIMITS, Load(0.0, unmeasured=3)) == 3
    assert recommend(3, LIMITS, Load(0.0, unmeasured=1)) == 1
    assert recommend(3, LIMITS, Load(2.0, unmeasured=1)) == 2
    assert recommend(2, LIMITS, Load(4.4, unmeasured=1)) == 2


@pytest.mark.parametrize(("current", "wanted"), [(9, 4), (0, 1)])
def test_a_number_outside_the_limits_is_brought_back(current, wanted):
    decision = decide(current, LIMITS, Load(0.0), now=NOW, last_change=NOW)
    assert (decision.wanted, decision.reason) == (wanted, "kept within 1 to 4")


def test_only_one_cooldown_is_remembered():
    old = [Recommendation(NOW - 16, 4), Recommendation(NOW - 3, 2)]
    kept = remembered(old, 4, LIMITS, NOW, 1)
    assert kept == [Recommendation(NOW - 3, 2), Recommendation(NOW, 1)]
