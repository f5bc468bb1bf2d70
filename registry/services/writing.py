"""What every deed on agents is made of: the row, its capabilities, its card, and who is told."""

from collections.abc import Iterable
from functools import partial
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from registry import cards
from registry.errors import AgentNameTaken
from registry.models import Agent, AgentCard, Capability
from registry.profile import profile_of
from registry.signals import agent_changed
from security import news
from security.errors import InvalidInput

MAX_CAPABILITIES: Final = 100
MAX_KEYWORDS: Final = 10_000  # characters


def locked(agent: Agent) -> Agent:
    return Agent.objects.select_for_update().get(id=agent.id)


def tell(*changed: Agent) -> None:
    """After commit: the signal for the console, and news for the route tables."""
    if not changed:
        return
    for agent in changed:
        transaction.on_commit(partial(agent_changed.send_robust, Agent, agent=agent))
    news.publish_on_commit("routes")


def save(agent: Agent, fields: dict[str, Any]) -> bool:
    """Write what differs; say whether anything did."""
    fresh = agent._state.adding
    differing = [name for name, value in fields.items() if getattr(agent, name) != value]
    for name in differing:
        setattr(agent, name, fields[name])
    if fresh:
        _insert(agent)
    elif differing:
        agent.save()
    return fresh or bool(differing)


def _insert(agent: Agent) -> None:
    try:
        with transaction.atomic():
            agent.save(force_insert=True)
    except IntegrityError:
        told = _("There is already an agent %(slug)r.") % {"slug": agent.slug}
        raise AgentNameTaken(told) from None


def capability_names(capabilities: Iterable[str]) -> list[str]:
    """Capability names as they are searched for: lower case, words joined by hyphens."""
    names = [slugify(given)[:100] for given in capabilities]
    if "" in names:
        raise InvalidInput(
            _("A capability's name needs letters or digits."),
            fields={"capabilities": _("empty name")},
        )
    if len(names) > MAX_CAPABILITIES:
        told = _("An agent may have at most %(most)d capabilities.") % {"most": MAX_CAPABILITIES}
        raise InvalidInput(told, fields={"capabilities": _("too many")})
    return sorted(set(names))


def set_capabilities(agent: Agent, capabilities: Iterable[str]) -> bool:
    names = capability_names(capabilities)
    if names == sorted(agent.capabilities.values_list("name", flat=True)):
        return False
    Capability.objects.bulk_create([Capability(name=n) for n in names], ignore_conflicts=True)
    agent.capabilities.set(Capability.objects.filter(name__in=names))
    tell_words(agent)
    return True


def set_card(agent: Agent, given: dict[str, Any]) -> bool:
    """Follow the current card with the next version, if the agent says something else than before."""
    card = cards.statement(
        slug=agent.slug,
        name=agent.name,
        description=agent.description,
        version=agent.version,
        partial=given,
    )
    digest = cards.digest(card)
    if agent.card_digest == digest:
        return False
    last = agent.cards.aggregate(last=Max("version"))["last"] or 0
    agent.cards.filter(is_current=True).update(is_current=False)
    AgentCard.objects.create(agent=agent, version=last + 1, card=card, digest=digest)
    agent.profile, agent.card_digest = profile_of(card).as_json(), digest
    agent.card_changed = timezone.now()
    agent.save(update_fields=["profile", "card_digest", "card_changed", "updated"])
    tell_words(agent)
    return True


def tell_words(agent: Agent) -> None:
    """What agents are found by, beside their names: capabilities, and the skills and tags of the card."""
    card = agent.cards.filter(is_current=True).first()
    skills = card.card.get("skills", []) if card else []
    tags = {tag.lower()[:100] for skill in skills for tag in skill.get("tags", ())}
    words = [each.name for each in agent.capabilities.all()]
    words += [skill[part] for skill in skills for part in ("id", "name", "description")]
    agent.tags, agent.keywords = sorted(tags), " ".join([*words, *sorted(tags)])[:MAX_KEYWORDS]
    agent.save(update_fields=["tags", "keywords"])


def refuse_front_door(slug: str) -> None:
    if slug == cards.ROUTER:
        told = _("%(slug)r is AgentX's own front door; choose another name.")
        raise AgentNameTaken(told % {"slug": slug})


def slug_of(name: str) -> str:
    slug = slugify(name)[:64].strip("-")
    if not slug:
        raise InvalidInput(
            _("A name needs letters or digits."), fields={"name": _("no letters or digits")}
        )
    return slug
