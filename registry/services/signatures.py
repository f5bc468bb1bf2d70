"""The keys that sign agent cards, and the signatures made with them, each once."""

import logging
import threading
from collections import OrderedDict
from typing import Any, Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from registry import cards, selectors, signing
from registry.models import SigningKey
from security import audit, permissions
from security.crypto import SealBroken, seal, unseal
from security.errors import Conflict, InvalidInput
from security.principals import Principal, system

log = logging.getLogger(__name__)
MAX_REMEMBERED: Final = 10_000
JWKS_PATH: Final = "/.well-known/jwks.json"


class Signatures:
    """Remembered by card and key: no card is signed twice by one process. Called from threads."""

    def __init__(self) -> None:
        self._made: OrderedDict[tuple[str, str], list[Any]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, card: cards.Card, key: SigningKey) -> list[Any]:
        mark = (cards.digest(card), key.kid)
        with self._lock:
            made = self._made.get(mark)
        if made is None:
            made = _signed(card, key)["signatures"]
        with self._lock:
            self._made[mark] = made
            self._made.move_to_end(mark)
            while len(self._made) > MAX_REMEMBERED:
                self._made.popitem(last=False)
        return made


_signatures = Signatures()


def sign_card(card: cards.Card) -> cards.Card:
    """The same card, signed with the current key. Unsigned when that key cannot be opened, which is logged."""
    try:
        return card | {"signatures": _signatures.of(card, signing_key())}
    except SealBroken as broken:
        log.error("cards are served unsigned: %s", broken)
        return card


def card_verdict(principal: Principal, ref: str) -> signing.Verdict:
    """What a client that checks signatures would find on the card that AgentX serves for this agent."""
    card = selectors.served_card(selectors.access_agent(principal, ref))
    if card is None:
        return signing.Verdict("unsigned", _("The agent has not said yet what it is."))
    jku = settings.PUBLIC_URL + JWKS_PATH
    signed = sign_card(card)
    return signing.verify(signed, published={jku: selectors.key_set()}, believed={jku})


def _signed(card: cards.Card, key: SigningKey) -> cards.Card:
    return signing.sign(
        card,
        private=unseal(key.sealed),
        kid=key.kid,
        algorithm=key.algorithm,
        jku=settings.PUBLIC_URL + JWKS_PATH,
    )


def signing_key() -> SigningKey:
    """The key that signs; made when there is none yet. Of two processes that make one, the second takes the first's."""
    key = selectors.current_key()
    if key is not None:
        return key
    try:
        with transaction.atomic():
            key = _new_key(SigningKey.Algorithm.ES256)
            audit.record(system("cards"), "card_key.made", "card_key", key.kid)
            return key
    except IntegrityError:
        return SigningKey.objects.get(is_current=True)


def _new_key(algorithm: str) -> SigningKey:
    private, public = signing.new_key(algorithm)
    return SigningKey.objects.create(
        kid=public["kid"], algorithm=algorithm, sealed=seal(private), public=public
    )


@transaction.atomic
def rotate_card_key(principal: Principal, algorithm: str = "") -> SigningKey:
    """From now on a new key signs. The old one is published for KEY_GRACE more; its private part is gone at once.

    `algorithm`: ES256 or EdDSA; empty: that of the key before.
    """
    principal.require(permissions.KEYS_MANAGE)
    before = SigningKey.objects.select_for_update().filter(is_current=True).first()
    wanted = algorithm or (before.algorithm if before else SigningKey.Algorithm.ES256)
    if wanted not in SigningKey.Algorithm.values:
        told = _("Cards are signed with %(known)s.")
        known = ", ".join(SigningKey.Algorithm.values)
        raise InvalidInput(told % {"known": known}, fields={"algorithm": _("unknown")})
    if before is not None:
        before.is_current, before.retired, before.sealed = False, timezone.now(), ""
        before.save()
    SigningKey.objects.filter(retired__lt=timezone.now() - selectors.KEY_GRACE).delete()
    try:
        key = _new_key(wanted)
    except IntegrityError:  # two at once, where there was no key yet to wait for
        raise Conflict(_("Another rotation has just happened.")) from None
    was = {"kid": before.kid} if before else None
    after = {"kid": key.kid, "algorithm": key.algorithm}
    audit.record(principal, "card_key.rotated", "card_key", key.kid, before=was, after=after)
    return key
