"""Looking for agents."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q
from django.utils.text import slugify

from registry.models import Agent
from registry.selectors.agents import STATE_RANK, agents
from security.principals import Principal

MAX_FOUND = 200


@dataclass(frozen=True, slots=True)
class Found:
    """An agent that was looked for, and why it matches: "capability echo", "text 'words' in name"."""

    agent: Agent
    because: list[str]


def discover(
    principal: Principal,
    *,
    capabilities: Iterable[str] = (),
    text: str = "",
    framework: str = "",
    limit: int = 50,
) -> list[Found]:
    """Agents that have all these capabilities, every word of the text, and this framework."""
    wanted = sorted({slugify(name) or name for name in capabilities if name.strip()})
    found = agents(principal)
    for name in wanted:
        found = found.filter(capabilities__name=name)
    for word in text.split():
        found = found.filter(_mentions(word)).distinct()
    if framework:
        found = found.filter(framework__iexact=framework)
    ranked = sorted(found, key=lambda agent: (STATE_RANK.get(agent.state, 9), agent.slug))
    reasons = [f"framework {framework}"] if framework else []
    return [
        Found(agent, [f"capability {name}" for name in wanted] + reasons + _places(agent, text))
        for agent in ranked[: max(1, min(limit, MAX_FOUND))]
    ]


def _mentions(word: str) -> Q:
    return (
        Q(slug__icontains=word)
        | Q(name__icontains=word)
        | Q(description__icontains=word)
        | Q(capabilities__name__icontains=word)
    )


def _places(agent: Agent, text: str) -> list[str]:
    fields = {
        "name": f"{agent.slug} {agent.name}",
        "description": agent.description,
        "capabilities": " ".join(c.name for c in agent.capabilities.all()),
    }
    return [
        f"text {word!r} in {place}"
        for word in text.split()
        for place, content in fields.items()
        if word.lower() in content.lower()
    ]
