"""What the states of processes say about their plugin and its agents. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Final

from plugins_app.models import Plugin, PluginInstance
from registry.models import Agent

SERVING: Final = frozenset({PluginInstance.State.RUNNING, PluginInstance.State.DEGRADED})
GONE: Final = frozenset({PluginInstance.State.EXITED, PluginInstance.State.FATAL})
NOBODY: Final = "No node is active to run it."
NOBODY_JOINED: Final = "It runs on other machines, and no process has called home."
Facts = Sequence[tuple[str, str]]  # (state, reason) of each process


def plugin_state(desired: str, replicas: int, processes: Facts) -> tuple[str, str]:
    """The plugin's state and why it is in it."""
    states = [state for state, _ in processes]
    if desired == Plugin.Desired.STOPPED:
        alive = any(state not in GONE for state in states)
        return (Plugin.State.LOADED if alive else Plugin.State.UNLOADED), ""
    if PluginInstance.State.FATAL in states:
        return Plugin.State.ERROR, _why(processes, PluginInstance.State.FATAL)
    if desired == Plugin.Desired.PAUSED:
        return Plugin.State.PAUSED, ""
    if serving := sum(state in SERVING for state in states):
        return Plugin.State.RUNNING, _running(serving, replicas, processes)
    if not processes:
        return Plugin.State.LOADING, NOBODY if replicas else NOBODY_JOINED
    return Plugin.State.LOADING, _why(processes, *PluginInstance.State.values)


def agent_state(desired: str, processes: Facts) -> str:
    """The state of every agent the plugin hosts."""
    states = [state for state, _ in processes]
    if desired == Plugin.Desired.STOPPED:
        return Agent.State.SHUTDOWN
    if desired == Plugin.Desired.PAUSED:
        return Agent.State.MAINTENANCE
    if any(state in SERVING for state in states):
        return Agent.State.READY
    if PluginInstance.State.FATAL in states:
        return Agent.State.ERROR
    return Agent.State.INITIALIZING


@dataclass(frozen=True, slots=True)
class AgentFacts:
    """One agent, while processes of its plugin serve. `is_newest`: no process has yet to take its newest revision."""

    state: str
    reason: str
    is_newest: bool


def agent_facts(slug: str, revision: int, processes: Sequence[Mapping[str, Any]]) -> AgentFacts:
    """What the processes made of it: one that has it is enough. Of each process, its agents as its row has them."""
    told = [each[slug] for each in processes if slug in each]
    is_newest = all(each["revision"] == revision for each in told)
    if any(not each["trouble"] for each in told):
        return AgentFacts(Agent.State.READY, "", is_newest)
    if told:
        newest = max(told, key=itemgetter("revision"))
        return AgentFacts(Agent.State.ERROR, newest["trouble"], is_newest)
    # Rows from before this was written down speak of no agent at all.
    is_old = not revision and not all(processes)
    return AgentFacts(Agent.State.READY if is_old else Agent.State.INITIALIZING, "", is_old)


def _running(serving: int, replicas: int, processes: Facts) -> str:
    """Why it is less than wholly well; empty when it is."""
    why = _why(processes, *PluginInstance.State.values)
    if serving >= replicas:
        return why
    return f"{serving} of {replicas} processes serve. {why}".strip()


def _why(processes: Facts, *states: str) -> str:
    return next((reason for state, reason in processes if state in states and reason), "")
