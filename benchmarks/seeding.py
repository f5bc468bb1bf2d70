"""`python -m benchmarks.seeding N`: writes N agents, with cards and capabilities, in AgentX's environment."""

import os
import random
import sys
from typing import Any, Final

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "agentx_site.settings")
django.setup()

from registry import cards  # noqa: E402 - Django first
from registry.models import Agent, AgentCard, Capability  # noqa: E402
from registry.profile import profile_of  # noqa: E402
from security.services import default_tenant  # noqa: E402

WORDS: Final = [
    "translation",
    "contract",
    "review",
    "invoice",
    "travel",
    "weather",
    "legal",
    "finance",
    "summary",
    "image",
    "speech",
    "code",
    "search",
    "planning",
    "support",
    "sales",
    "research",
    "medical",
    "chemistry",
    "logistics",
    "route",
    "booking",
    "calendar",
    "mail",
    "document",
    "table",
    "report",
    "chart",
    "forecast",
    "audit",
    "risk",
    "policy",
    "insurance",
    "claim",
    "payment",
    "order",
    "stock",
    "inventory",
    "supplier",
    "quality",
    "safety",
    "energy",
    "climate",
    "water",
    "farm",
    "food",
    "recipe",
    "sport",
    "music",
    "film",
    "news",
]
FRAMEWORKS: Final = ("langchain", "crewai", "autogen", "mastra", "custom")
STATES: Final = ("ready", "ready", "ready", "busy", "shutdown", "error")
CAPABILITIES: Final = 60
BATCH: Final = 1_000


def seed(count: int) -> None:
    choose = random.Random(7)
    tenant = default_tenant()
    names = [f"skill-{n}" for n in range(CAPABILITIES)]
    Capability.objects.bulk_create([Capability(name=name) for name in names], ignore_conflicts=True)
    known = {each.name: each.id for each in Capability.objects.filter(name__in=names)}
    for first in range(0, count, BATCH):
        told = [_told(choose, n) for n in range(first, min(first + BATCH, count))]
        agents = [Agent(tenant=tenant, **each["fields"]) for each in told]
        Agent.objects.bulk_create(agents)
        AgentCard.objects.bulk_create(
            AgentCard(agent=agent, version=1, card=each["card"], digest=agent.card_digest)
            for agent, each in zip(agents, told, strict=True)
        )
        through = Agent.capabilities.through
        through.objects.bulk_create(
            through(agent_id=agent.id, capability_id=known[name])
            for agent, each in zip(agents, told, strict=True)
            for name in each["capabilities"]
        )


def _told(choose: random.Random, number: int) -> dict[str, Any]:
    slug = f"agent-{number:05d}"
    about = choose.sample(WORDS, 12)
    name = f"{about[0].title()} {about[1]} {number}"
    description = f"Does {' and '.join(about[:4])} for people who work with {', '.join(about[4:])}."
    capabilities = sorted({f"skill-{choose.randrange(CAPABILITIES)}" for _ in range(4)})
    if number % 50 == 0:
        capabilities = ["skill-1", "skill-2", "skill-3"]
    skills = [
        {
            "id": each,
            "name": each,
            "description": f"{each} of {about[0]}",
            "tags": [f"tag-{number % 40}"],
        }
        for each in capabilities
    ]
    card = cards.statement(
        slug=slug, name=name, description=description, version="1", partial={"skills": skills}
    )
    fields = {
        "slug": slug,
        "name": name,
        "description": description,
        "version": "1",
        "framework": choose.choice(FRAMEWORKS),
        "source": "remote",
        "endpoint": f"https://agents.example/{slug}/",
        "state": choose.choice(STATES),
        "is_open": number % 10 == 0,
        "profile": profile_of(card).as_json(),
        "card_digest": cards.digest(card),
        "tags": [f"tag-{number % 40}"],
        "keywords": " ".join([*capabilities, *about]),
    }
    return {"fields": fields, "card": card, "capabilities": capabilities}


if __name__ == "__main__":
    seed(int(sys.argv[1]))
