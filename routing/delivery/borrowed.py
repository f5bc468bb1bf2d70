"""What the token of a turn is not good for at A2A's own doors, though the caller that it stands for may do it."""

from typing import Final

from routing.services.borrowed import note_refused
from security.errors import Forbidden
from security.principals import Principal
from security.rows import ask

NO_WEBHOOKS: Final = (
    "The token of a turn sets no webhooks: they would outlive the turn, and lead out of AgentX."
)
OTHER_TENANT: Final = "The token of a turn is good in the tenant of its own task alone."


async def require_own_name(principal: Principal) -> None:
    """Of who sets a webhook: an agent's own network may lead nowhere, and AgentX's must not in its place.

    Raises `Forbidden`.
    """
    if principal.turn is not None:
        await _refuse(principal, "webhook", NO_WEBHOOKS)


async def within_tenant(principal: Principal, tenant: str) -> Principal:
    """The caller in the A2A tenant it names, if any. An agent stays in that of the task it is at work on.

    Raises `Forbidden`.
    """
    if principal.turn is None:
        return principal.within(tenant) if tenant else principal
    if tenant not in ("", principal.turn.scope):
        await _refuse(principal, "another tenant", OTHER_TENANT)
    return principal.within(principal.turn.scope)


async def _refuse(principal: Principal, what: str, why: str) -> None:
    await ask(note_refused, principal, what, why)
    raise Forbidden(why)
