"""The four reload strategies."""

import pytest

from plugins_app.models import Plugin
from plugins_app.reloading import DEBOUNCE_SECONDS, IDLE_AT_LATEST_SECONDS, LOOK_SECONDS, due


def told(strategy, *, age=0.0, in_flight=0, asked=False):
    return due(strategy, changed=1000.0, now=1000.0 + age, in_flight=in_flight, asked=asked)


@pytest.mark.parametrize("strategy", Plugin.Reload.values)
def test_what_an_operator_asks_for_happens_now(strategy):
    assert told(strategy, in_flight=9, asked=True) == 0.0


def test_immediate_waits_for_nothing():
    assert told("immediate", in_flight=9) == 0.0


def test_debounced_waits_for_quiet():
    assert told("debounced") == DEBOUNCE_SECONDS
    assert told("debounced", age=1.5) == pytest.approx(DEBOUNCE_SECONDS - 1.5)
    assert told("debounced", age=DEBOUNCE_SECONDS, in_flight=9) == 0.0


def test_a_clock_that_was_set_back_holds_up_nothing():
    assert told("debounced", age=-3600) == DEBOUNCE_SECONDS


def test_manual_waits_to_be_asked():
    assert told("manual", age=1e6) is None


def test_on_idle_waits_for_the_last_message_and_not_for_ever():
    assert told("on_idle") == 0.0
    assert told("on_idle", in_flight=1) == LOOK_SECONDS
    assert told("on_idle", in_flight=1, age=IDLE_AT_LATEST_SECONDS) == 0.0
