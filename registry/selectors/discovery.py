"""Looking for agents: what they can do, what is said of them, how they are; the best first, and why.

The score, by which they are ordered and paged, is a sum: who answers now (0.3 ready, 0.2 busy, 0.1 initializing), the
share of the `any` capabilities that it has, and for a text how well it fits (Postgres's rank, below 1) and the share of
its words that the name or address has. Where nobody mentions the text: how alike the name is, or a capability.
"""

import base64
import binascii
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import orjson
from django.contrib.postgres.search import (
    CombinedSearchQuery,
    SearchQuery,
    SearchRank,
    TrigramWordSimilarity,
)
from django.db import connection, transaction
from django.db.models import Case, Count, DecimalField, F, Q, QuerySet, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Greatest, Round
from django.utils.text import slugify
from django.utils.translation import gettext as _

from registry.models import Agent, Capability
from registry.selectors.agents import agents
from security.errors import InvalidInput
from security.principals import Principal

MAX_FOUND: Final = 200
MAX_WORDS: Final = 10
CONFIG: Final = "english"
ALIKE: Final = 0.4  # of a text's letters in threes, where no agent mentions it
STATE_SCORES: Final = {
    Agent.State.READY: 0.3,
    Agent.State.BUSY: 0.2,
    Agent.State.INITIALIZING: 0.1,
}
# How a text is looked for; the next way only where the one before finds nothing.
WAYS: Final = ("words", "parts", "alike")
NUMBER: Final = DecimalField(max_digits=8, decimal_places=4)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for; every part that is given must hold. Of `any` one is enough, and more are better."""

    capabilities: Sequence[str] = ()
    any: Sequence[str] = ()
    tags: Sequence[str] = ()
    text: str = ""
    framework: str = ""
    trust: Sequence[str] = ()
    states: Sequence[str] = ()
    sources: Sequence[str] = ()

    @property
    def words(self) -> list[str]:
        return self.text.lower().split()[:MAX_WORDS]


@dataclass(frozen=True, slots=True)
class Found:
    """An agent that was looked for, its score, and why it matches: "capability echo", "text 'words' in name"."""

    agent: Agent
    score: float
    because: list[str]


@dataclass(frozen=True, slots=True)
class FoundPage:
    """`next`: the cursor of the page that follows, or empty. `way`: how the text was found."""

    found: list[Found]
    next: str = ""
    way: str = "words"

    @property
    def is_alike(self) -> bool:
        """Nothing mentions the text: these resemble it."""
        return self.way == "alike"


@dataclass(frozen=True, slots=True)
class Cursor:
    """After this score and slug, found in this way."""

    score: Decimal
    slug: str
    way: str

    def text(self) -> str:
        told = orjson.dumps([str(self.score), self.slug, self.way])
        return base64.urlsafe_b64encode(told).rstrip(b"=").decode()

    @classmethod
    def read(cls, text: str) -> "Cursor":
        """Raises `InvalidInput` for one that no page gave."""
        try:
            padded = text + "=" * (-len(text) % 4)
            score, slug, way = orjson.loads(base64.urlsafe_b64decode(padded))
            if not isinstance(slug, str) or not Decimal(score).is_finite() or "\x00" in slug:
                raise ValueError(text)
            return cls(Decimal(score), slug, WAYS[WAYS.index(way)])
        except (binascii.Error, ValueError, TypeError, InvalidOperation):
            told = _("is not one that a page gave")
            raise InvalidInput(f"cursor: {told}", fields={"cursor": told}) from None


def wanted_agents(principal: Principal, wanted: Wanted) -> QuerySet[Agent]:
    """All that are wanted but for the text, by their addresses."""
    return _filtered(agents(principal), wanted)


def discover(
    principal: Principal, wanted: Wanted, *, limit: int = 50, cursor: str = ""
) -> FoundPage:
    """A page of the agents that are wanted, best first."""
    after = Cursor.read(cursor) if cursor else None
    visible = agents(principal).prefetch_related(None).prefetch_related("capabilities")
    found = _filtered(visible, wanted)
    size = max(1, min(limit, MAX_FOUND))
    ways = [after.way] if after else WAYS if wanted.words else WAYS[:1]
    for way in ways:
        page = _in_this_way(way, found, wanted, size, after)
        if page.found:
            break
    return page


def _in_this_way(
    way: str, found: QuerySet[Agent], wanted: Wanted, size: int, after: Cursor | None
) -> FoundPage:
    if way == "alike":
        return _alike(found, wanted, size, after)
    for word in wanted.words:
        said = Q(search=_forms(word))
        found = found.filter(said if way == "words" else said | Q(haystack__contains=word))
    return _page(_scored(found, wanted), wanted, size, after, way)


def _forms(word: str) -> CombinedSearchQuery | SearchQuery:
    """A word in any of its forms, and words that begin with it."""
    query = SearchQuery(word, config=CONFIG)
    if not word.isalnum():
        return query
    return query | SearchQuery(f"{word}:*", config=CONFIG, search_type="raw")


def _filtered(found: QuerySet[Agent], wanted: Wanted) -> QuerySet[Agent]:
    for name in _slugs(wanted.capabilities):
        found = found.filter(id__in=_having([name]))
    if wanted.any:
        found = found.filter(id__in=_having(_slugs(wanted.any)))
    if wanted.tags:
        found = found.filter(tags__contains=[tag.lower() for tag in wanted.tags])
    if wanted.framework:
        found = found.filter(framework__iexact=wanted.framework)
    if wanted.trust:
        found = found.filter(trust__in=wanted.trust)
    if wanted.states:
        found = found.filter(state__in=wanted.states)
    if wanted.sources:
        found = found.filter(source__in=wanted.sources)
    return found


def _slugs(names: Iterable[str]) -> list[str]:
    return sorted({slugify(name) or name for name in names if name.strip()})


def _having(names: list[str]) -> QuerySet[Any, Any]:
    through = Agent.capabilities.through.objects
    ids = list(Capability.objects.filter(name__in=names).values_list("id", flat=True))
    return through.filter(capability_id__in=ids).values("agent_id")


def _scored(found: QuerySet[Agent], wanted: Wanted) -> QuerySet[Agent]:
    score: Combinable = Case(
        *(When(state=state, then=Value(points)) for state, points in STATE_SCORES.items()),
        default=Value(0.0),
    )
    if names := _slugs(wanted.any):
        has = Count("capabilities", filter=Q(capabilities__name__in=names), distinct=True)
        score = score + has * Value(1.0 / len(names))
    if wanted.words:
        query = SearchQuery(" ".join(wanted.words), config=CONFIG)
        score = score + SearchRank(F("search"), query, normalization=Value(32))
    for word in wanted.words:
        share = Value(1.0 / len(wanted.words))
        score = score + Case(When(called__contains=word, then=share), default=Value(0.0))
    return found.annotate(score=Round(Cast(score, NUMBER), precision=4))


def _page(
    found: QuerySet[Any], wanted: Wanted, size: int, after: Cursor | None, way: str
) -> FoundPage:
    if after is not None:
        found = found.filter(Q(score__lt=after.score) | Q(score=after.score, slug__gt=after.slug))
    rows: list[Any] = list(found.order_by("-score", "slug")[: size + 1])
    page = [
        Found(row, float(row.score), _because(row, wanted, is_alike=way == "alike"))
        for row in rows[:size]
    ]
    last = rows[size - 1] if len(rows) > size else None
    following = Cursor(last.score, last.slug, way).text() if last else ""
    return FoundPage(page, following, way)


def _alike(found: QuerySet[Agent], wanted: Wanted, size: int, after: Cursor | None) -> FoundPage:
    """Nothing mentions it: perhaps it is misspelt. Compared with names and capabilities only, which are short."""
    text = wanted.text.lower()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL pg_trgm.word_similarity_threshold = {ALIKE}")
        names = Capability.objects.filter(name__trigram_word_similar=text)
        able = _having(list(names.values_list("name", flat=True)))
        found = found.filter(Q(called__trigram_word_similar=text) | Q(id__in=able))
        likeness = TrigramWordSimilarity(text, F("called"))
        score = Round(Cast(Greatest(likeness, Value(ALIKE)), NUMBER), precision=4)
        return _page(found.annotate(score=score), wanted, size, after, "alike")


def _because(agent: Any, wanted: Wanted, *, is_alike: bool) -> list[str]:
    has = {capability.name for capability in agent.capabilities.all()}
    reasons = [f"capability {name}" for name in _slugs(wanted.capabilities)]
    reasons += [f"capability {name}" for name in _slugs(wanted.any) if name in has]
    reasons += [f"tag {tag.lower()}" for tag in wanted.tags]
    reasons += [f"framework {agent.framework}"] if wanted.framework else []
    reasons += [f"trust {agent.trust}"] if wanted.trust else []
    reasons += [f"state {agent.state}"] if wanted.states else []
    if is_alike:
        return [*reasons, f"resembles {wanted.text!r} ({agent.score:.2f})"]
    return reasons + [reason for word in wanted.words for reason in _places(agent, has, word)]


def _places(agent: Agent, has: set[str], word: str) -> list[str]:
    fields = {
        "name": f"{agent.slug} {agent.name}",
        "description": agent.description,
        "capabilities": " ".join(has),
        "tags": " ".join(agent.tags),
        "framework": agent.framework,
    }
    places = [place for place, content in fields.items() if word in content.lower()]
    return [f"text {word!r} in {place}" for place in places or ["its skills"]]
