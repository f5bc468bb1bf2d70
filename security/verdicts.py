"""From a credential to a principal, remembered for a few seconds, because the message path asks thousands of times.

Remembered under the SHA-256 of what was sent, never the key itself. A revocation empties the memory of every process
through news; should Redis be away, `LIFE_SECONDS` bounds how long an ended key still works.
"""

import hmac
import logging
import time
from collections import OrderedDict
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q
from django.utils import timezone

from security import audit, context, turn_tokens
from security.errors import Forbidden, NotAuthenticated
from security.models import ApiKey, AuditEvent
from security.permissions import AGENTS_CALL
from security.principals import Principal
from security.selectors import key_by_prefix, key_principal, subject_principal
from security.services import KEY_MARK, digest_of
from security.throttle import KEYS

log = logging.getLogger(__name__)
LIFE_SECONDS: Final = 5.0
MAX_REMEMBERED: Final = 10_000
ONLY_A2A: Final = "The token of a turn is good for A2A calls alone: /a2a/{agent}/ and gRPC."
# No header can hold this character, so nothing that is sent can be taken for one of these.
TURN, SUBJECT, REFUSED = "\0turn:", "\0subject:", "\0refused:"
TURN_PERMISSIONS: Final = frozenset({AGENTS_CALL})  # at most, and what its caller has
REFUSAL: Final = "The API key is unknown, expired or revoked."


class Verdicts:
    """A small memory of who is who. Use `remembered` first, then `judge` in a thread that may query."""

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, tuple[float, Principal]] = OrderedDict()
        self._era = 0

    def forget(self) -> None:
        """Forget everything, also what is being judged right now."""
        self._era += 1
        self._known.clear()

    def remembered(self, key: str) -> Principal | None:
        found = self._known.get(digest_of(key))
        return found[1] if found and found[0] > time.monotonic() else None

    def judge(self, key: str) -> Principal:
        """Ask the database. Raises `NotAuthenticated`, with one sentence for every cause."""
        era, digest = self._era, digest_of(key)
        row = _row_of(key)
        # Compared even when there is no row, so that the time taken says nothing about prefixes.
        same = hmac.compare_digest(bytes(row.digest) if row else bytes(32), digest)
        now = timezone.now()
        if row is None or not same or not row.is_usable(now) or not row.owner.is_active:
            raise NotAuthenticated(REFUSAL)
        _note_use(row, now)
        principal = key_principal(row)
        if era == self._era:
            life = LIFE_SECONDS
            if row.expires is not None:
                life = min(life, (row.expires - now).total_seconds())
            self._remember(digest, principal, life)
        return principal

    def judge_from(self, key: str, address: str) -> Principal:
        """As `judge`; who sends many wrong keys from one address gets `TooManyRequests` for them.

        Raises `Forbidden` for the token of a turn: it is for A2A alone.
        """
        if turn_tokens.is_turn_token(key):
            self._refuse_turn(key, address)
        try:
            return self.judge(key)
        except NotAuthenticated:
            KEYS.count(address)
            raise

    def remembered_turn(self, token: str) -> Principal | None:
        """Whom a turn's token stands for. Kept apart: only doors that take such tokens ask this."""
        return self.remembered(TURN + token)

    def judge_turn(self, token: str, address: str) -> Principal:
        """As `judge_from`, for a turn's token: its caller as the database knows them now, who may only call agents."""
        since = self.since()
        try:
            grant = turn_tokens.read(token)
        except NotAuthenticated:
            KEYS.count(address)
            raise
        known = self.remembered(SUBJECT + grant.subject)
        if known is None:
            known = subject_principal(grant.subject)
            self.keep(SUBJECT + grant.subject, known, since)
        granted = known.permissions & TURN_PERMISSIONS
        principal = replace(known, permissions=granted, turn=grant)
        if since == self._era:
            life = min(LIFE_SECONDS, grant.expires - time.time())
            self._remember(digest_of(TURN + token), principal, life)
        return principal

    def _refuse_turn(self, token: str, address: str) -> None:
        """At a door that takes none. Raises `Forbidden`; whose it was is in the audit, once in a while."""
        principal = self.judge_turn(token, address)
        caller = principal.seen_from(source_ip=address, request_id=context.request_id.get())
        self.note_refused(caller, "not A2A")
        raise Forbidden(ONLY_A2A)

    def note_refused(self, principal: Principal, door: str) -> bool:
        """That the token of a turn was shown where it is not good: in the audit, once in a while. Whether it was now."""
        grant = principal.turn
        assert grant is not None, "judged as a turn's"
        known = f"{REFUSED}{door}:{grant.task}"
        if self.remembered(known) is not None:
            return False
        self.keep(known, principal, self.since())
        told = {"agent": grant.agent, "door": door}
        refused = AuditEvent.Outcome.REFUSED
        audit.record(principal, "turn.refused", "task", grant.task, after=told, outcome=refused)
        return True

    def since(self) -> int:
        """What `keep` wants to know: from when a verdict is that was not made here."""
        return self._era

    def keep(self, credential: str, principal: Principal, since: int) -> None:
        """Remember a verdict made elsewhere, unless something was to be forgotten meanwhile."""
        if since == self._era:
            self._remember(digest_of(credential), principal, LIFE_SECONDS)

    def _remember(self, digest: bytes, principal: Principal, life: float) -> None:
        self._known[digest] = (time.monotonic() + life, principal)
        while len(self._known) > MAX_REMEMBERED:
            self._known.popitem(last=False)


def _note_use(row: ApiKey, now: datetime) -> None:
    """Keep `last_used` to the minute; a write per message would cost more than it tells."""
    stale = Q(last_used__isnull=True) | Q(last_used__lt=now - timedelta(minutes=1))
    ApiKey.objects.filter(stale, id=row.id).update(last_used=now)


def _row_of(key: str) -> ApiKey | None:
    parts = key.split("_", 2)
    return key_by_prefix(parts[1]) if len(parts) == 3 and parts[0] == KEY_MARK else None


verdicts = Verdicts()
