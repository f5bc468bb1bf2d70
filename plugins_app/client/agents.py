"""The agents of a running process, brought in line with what is wanted of it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from plugins_app.client.lifecycle import Lifecycle
from plugins_app.client.shapes import AgentSpec, HeldAgent
from plugins_app.client.target import Target
from plugins_app.configuration.secrets import hidden_texts, scrubbed
from plugins_app.errors import AgentRefused

Held = dict[str, HeldAgent]
MAX_TROUBLE = 2000  # characters of a reason


def are_in_line(wanted: Iterable[AgentSpec], have: Mapping[str, HeldAgent]) -> bool:
    """Whether it has tried all that is wanted, in the newest revision, and has nothing else."""
    told = {each.slug: each.revision for each in wanted}
    return told == {slug: held.revision for slug, held in have.items()}


async def brought_in_line(
    lifecycle: Lifecycle,
    target: Target,
    wanted: Sequence[AgentSpec],
    have: Mapping[str, HeldAgent],
    config: Mapping[str, Any],
) -> Held:
    """Make what is missing or of another revision, let go of what is wanted no more; answers what it has then.

    An agent that cannot be made is in trouble, and the others are not. `config` is the plugin's: what is secret in it
    is told by no trouble. Raises `CallFailed` when the process is away.
    """
    slugs = {each.slug for each in wanted}
    for slug in [each for each in have if each not in slugs]:
        await lifecycle.delete_agent(target, slug)
    found: Held = {}
    for agent in wanted:
        held = have.get(agent.slug)
        if held is None or held.revision != agent.revision:
            trouble = agent.trouble or await _trouble(lifecycle, target, agent, config)
            held = HeldAgent(agent.revision, trouble)
        found[agent.slug] = held
    return found


async def _trouble(
    lifecycle: Lifecycle, target: Target, agent: AgentSpec, config: Mapping[str, Any]
) -> str:
    """Why it could not be made; empty: it was."""
    try:
        await lifecycle.create_agent(target, agent)
    except AgentRefused as error:
        hidden = [*hidden_texts(agent.config), *hidden_texts(dict(config))]
        return scrubbed(str(error), hidden)[:MAX_TROUBLE]
    return ""


def worse(wanted: Iterable[AgentSpec], have: Mapping[str, HeldAgent]) -> str:
    """What fails now and did not before, in a sentence; empty: nothing."""
    for agent in wanted:
        held = have.get(agent.slug)
        if held is not None and held.trouble and not agent.has_failed:
            return f"could not make the agent {agent.slug}: {held.trouble}"
    return ""


def as_row(held: Mapping[str, HeldAgent]) -> dict[str, Any]:
    """For the row of a process."""
    return {
        slug: {"revision": each.revision, "trouble": each.trouble} for slug, each in held.items()
    }


def of_row(told: Mapping[str, Any]) -> Held:
    return {slug: HeldAgent(each["revision"], each["trouble"]) for slug, each in told.items()}
