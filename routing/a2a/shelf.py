"""Cards ready to be handed out, in memory: made and signed once per content and key, not per request.

What the route table says of an agent tells whether a card on the shelf is still its card.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import orjson
from django.conf import settings

from registry import cards, catalogue, selectors, services
from registry.cards import ROUTER, Card
from registry.errors import AgentNotFound
from registry.models import Agent
from routing.a2a.front_door import front_door_card
from routing.delivery.switchboard import Switchboard
from routing.dialects.cards import card_from_1_0, merged
from routing.limits import MAX_CATALOGUE_ENTRIES, MAX_SHELVED_CARDS, MAX_SHELVED_PAGES
from security import permissions
from security.principals import Principal
from security.rows import ask

KEY_SECONDS: Final = 2.0  # so late a process may learn of a new signing key
KEYS_SECONDS: Final = 1.0  # and so late publish it: earlier than anybody signs with it
PAGE_SECONDS: Final = 1.0
MAX_PAGE_SECONDS: Final = 30.0
# A card may read otherwise after a restart: other addresses, another release.
STARTED: Final = datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Document:
    """`body`: JSON; `digest`: of what it says, without signatures; `modified`: when that changed last, at most."""

    body: bytes
    digest: str
    modified: datetime
    is_public: bool = True


@dataclass(frozen=True, slots=True)
class Shelved:
    """One agent's card for each kind of client: "1.0", "0.3" and "both"."""

    mark: tuple[Any, ...]
    documents: Mapping[str, Document]


class Shelf:
    """Use from one event loop."""

    def __init__(self, switchboard: Switchboard) -> None:
        self._switchboard = switchboard
        self._cards: OrderedDict[str, Shelved] = OrderedDict()
        self._kid = Fresh(_current_kid, KEY_SECONDS)
        self._keys = Fresh(_key_set, KEYS_SECONDS)
        self._pages: OrderedDict[str, tuple[float, Document]] = OrderedDict()
        # What lists many agents is made by one request, for which the others wait.
        self._making = asyncio.Lock()

    async def card(self, principal: Principal, slug: str, reader: str) -> Document:
        """The card of an agent, or of the front door, for a `reader` of "1.0", "0.3" or "both"."""
        kid = await self._kid.get()
        if slug == ROUTER:
            return (await self._front_door(kid)).documents[reader]
        route = self._switchboard.routes.get(slug)
        if route is None or not route.is_open:
            require_sight(principal)
        mark = route and (route.card_digest, route.card_changed, route.is_open, kid)
        held = self._cards.get(slug)
        if held is None or held.mark != mark:
            held = await ask(_shelved, principal, slug)
            self._put(slug, held)
        self._cards.move_to_end(slug)
        return held.documents[reader]

    async def _front_door(self, kid: str) -> Shelved:
        """Made again after any change of any agent, at most once in PAGE_SECONDS, at least in MAX_PAGE_SECONDS."""
        async with self._making:
            mark, moment = (self._switchboard.routes.version, kid), time.monotonic()
            held = self._cards.get(ROUTER)
            if held is not None:
                age = moment - held.mark[2]
                if age < PAGE_SECONDS or (held.mark[:2] == mark and age < MAX_PAGE_SECONDS):
                    return held
            made = _unless_the_same(held, await ask(_front_door, (*mark, moment)))
            self._put(ROUTER, made)
            return made

    def _put(self, slug: str, made: Shelved) -> None:
        self._cards[slug] = made
        while len(self._cards) > MAX_SHELVED_CARDS:
            self._cards.popitem(last=False)

    async def keys(self) -> Document:
        """The public keys that cards are signed with."""
        found: Document = await self._keys.get()
        return found

    async def catalogue(self, after: str) -> Document:
        """A page of the open agents."""
        async with self._making:
            held = self._pages.get(after)
            if held is None or time.monotonic() > held[0]:
                made = await ask(_catalogue, after)
                if held is not None and held[1].digest == made.digest:
                    made = held[1]  # with its older date
                held = self._pages[after] = (time.monotonic() + PAGE_SECONDS, made)
                while len(self._pages) > MAX_SHELVED_PAGES:
                    self._pages.popitem(last=False)
            return held[1]


class Fresh:
    """The answer to a question of the database, asked again when it is older than so many seconds."""

    def __init__(self, question: Callable[[], Any], seconds: float) -> None:
        self._question = question
        self._seconds = seconds
        self._answer: Any = None
        self._until = 0.0

    async def get(self) -> Any:
        if time.monotonic() > self._until:
            self._answer = await ask(self._question)
            self._until = time.monotonic() + self._seconds
        return self._answer


def require_sight(principal: Principal) -> None:
    """Of agents that are not open. Raises `NotAuthenticated` or `Forbidden`."""
    if not principal.may(permissions.AGENTS_CALL):
        principal.require(permissions.AGENTS_VIEW)


def _current_kid() -> str:
    return services.signing_key().kid


def _key_set() -> Document:
    services.signing_key()  # there is one from the first time that anybody asks
    keys = selectors.published_keys()
    told = selectors.key_set()
    return Document(orjson.dumps(told), cards.digest(told), max(key.created for key in keys))


def _shelved(principal: Principal, slug: str) -> Shelved:
    agent = selectors.access_agent(principal, slug)
    card = selectors.served_card(agent) if agent.slug == slug else None
    if card is None:
        raise AgentNotFound(f"The agent {slug!r} has not said yet what it is.")
    return _made(agent, card)


def _made(agent: Agent, card: Card) -> Shelved:
    key = services.signing_key()
    mark = (agent.card_digest, agent.card_changed, agent.is_open, key.kid)
    modified = max(agent.card_changed, key.created, STARTED)
    return Shelved(mark, _documents(card, key.kid, modified, agent.is_open))


def _front_door(mark: tuple[Any, ...]) -> Shelved:
    return Shelved(mark, _documents(front_door_card(None), str(mark[1]), datetime.now(UTC), True))


def _unless_the_same(held: Shelved | None, made: Shelved) -> Shelved:
    """A card that reads as before keeps its date."""
    if held and held.documents["1.0"].digest == made.documents["1.0"].digest:
        return Shelved(made.mark, held.documents)
    return made


def _documents(card: Card, kid: str, modified: datetime, is_public: bool) -> Mapping[str, Document]:
    """The signature is over the card of 1.0: a card of 0.3, which reads otherwise, carries none."""
    signed = services.sign_card(card)
    said = {"1.0": signed, "both": merged(signed), "0.3": card_from_1_0(card)}
    return {
        reader: Document(
            orjson.dumps(told), cards.digest(told | {"": kid}), modified, is_public=is_public
        )
        for reader, told in said.items()
    }


def _catalogue(after: str) -> Document:
    open_agents = selectors.open_agents().filter(slug__gt=after)
    found = list(open_agents.order_by("slug")[: MAX_CATALOGUE_ENTRIES + 1])
    page, more = found[:MAX_CATALOGUE_ENTRIES], len(found) > MAX_CATALOGUE_ENTRIES
    told = catalogue.catalogue(page, public_url=settings.PUBLIC_URL, after=after, more=more)
    return Document(orjson.dumps(told), cards.digest(told), datetime.now(UTC))
