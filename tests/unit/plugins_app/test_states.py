"""A plugin's state and its agents', from the states of its processes."""

import pytest

from plugins_app.states import agent_state, plugin_state


@pytest.mark.parametrize(
    ("desired", "replicas", "processes", "plugin", "agent"),
    [
        ("stopped", 1, [], "unloaded", "shutdown"),
        ("stopped", 1, ["draining"], "loaded", "shutdown"),
        ("stopped", 1, ["fatal", "exited"], "unloaded", "shutdown"),
        ("running", 1, [], "loading", "initializing"),
        ("running", 1, ["starting"], "loading", "initializing"),
        ("running", 1, ["running"], "running", "ready"),
        ("running", 1, ["degraded"], "running", "ready"),
        ("running", 2, ["running", "backoff"], "running", "ready"),
        ("running", 2, ["running", "running"], "running", "ready"),
        ("running", 2, ["running", "fatal"], "error", "ready"),
        ("running", 1, ["fatal"], "error", "error"),
        ("running", 1, ["draining"], "loading", "initializing"),
        ("paused", 1, ["running"], "paused", "maintenance"),
        ("paused", 1, ["fatal"], "error", "maintenance"),
    ],
)
def test_states(desired, replicas, processes, plugin, agent):
    facts = [(state, "") for state in processes]
    assert plugin_state(desired, replicas, facts)[0] == plugin
    assert agent_state(desired, facts) == agent


def test_the_reason_is_that_of_the_process():
    processes = [("running", ""), ("fatal", "It ended with exit status 1.")]
    assert plugin_state("running", 2, processes) == ("error", "It ended with exit status 1.")


def test_it_says_when_only_some_serve():
    processes = [("running", ""), ("backoff", "It ended with exit status 1.")]
    told = "1 of 2 processes serve. It ended with exit status 1."
    assert plugin_state("running", 2, processes) == ("running", told)
    assert plugin_state("running", 2, [("running", "")] * 2) == ("running", "")


def test_without_a_node_the_plugin_says_so():
    assert plugin_state("running", 1, []) == ("loading", "No node is active to run it.")
