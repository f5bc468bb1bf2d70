"""How soon to try again, and when it is enough."""

from plugins_app.crashes import DELAYS, judge


def tries(times, up_seconds=1.0, startup_timeout=0.0):
    """The delay after each of these failures."""
    failures, delays = (), []
    for now in times:
        verdict = judge(
            failures,
            now=now,
            up_seconds=up_seconds,
            startup_timeout=startup_timeout,
            chance=0.5,
        )
        failures = verdict.failures
        delays.append(verdict.delay)
    return delays


def test_the_first_try_is_at_once_and_the_sixth_failure_is_the_last():
    assert tries(range(6)) == [*DELAYS, None]


def test_after_a_steady_run_the_count_begins_anew():
    assert tries(range(0, 200, 11), up_seconds=11) == [0.0] * 19


def test_failures_far_apart_are_not_a_crash_loop():
    assert tries(range(0, 300, 30)) == [0.0, 0.5, 1.0] + [1.0] * 7


def test_tries_that_take_long_are_counted_all_the_same():
    assert tries(range(0, 120, 20), startup_timeout=15)[-1] is None


def test_chance_spreads_the_tries():
    low, high = (
        judge((0.0,), now=1, up_seconds=0, startup_timeout=0, chance=chance).delay
        for chance in (0.0, 1.0)
    )
    assert (low, high) == (0.4, 0.6)
