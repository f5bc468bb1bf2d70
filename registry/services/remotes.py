"""Deeds on agents that live elsewhere: taken in, looked at, their cards approved. What is on the network was read before."""

from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import urlsplit

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from registry.errors import AgentNameTaken, NoPendingCard, NotRemote
from registry.interfaces import Interface
from registry.models import Agent, Upstream
from registry.selectors import access_agent
from registry.services.credentials import sealed
from registry.services.found_cards import (
    chosen_interface,
    first_trust,
    partial_from,
    partial_of,
    skill_names,
    told_of,
)
from registry.services.leases import start_lease
from registry.services.writing import (
    locked,
    refuse_front_door,
    save,
    set_capabilities,
    set_card,
    slug_of,
    tell,
)
from registry.sightings import FoundCard
from security import audit, permissions
from security.errors import InvalidInput
from security.principals import Principal
from security.services import default_tenant

Json = dict[str, Any]
MAX_METADATA_ITEMS: Final = 100
MAX_KEYS: Final = 20


@transaction.atomic
def register_remote_agent(
    principal: Principal,
    *,
    name: str = "",
    capabilities: Iterable[str] = (),
    endpoint: str = "",
    metadata: Json | None = None,
    found: FoundCard | None = None,
    credentials: Json | None = None,
    trusted_keys: Json | None = None,
    lease_seconds: int | None = None,
) -> Agent:
    """Take in an agent that lives elsewhere, under an address made from its name.

    With `found`, the card at its URL: approved by this, and its first interface that AgentX speaks is taken. Without,
    `endpoint` is taken for one of JSON-RPC until a card is found there. `credentials` None keeps those of before, for
    the servers they were given for.
    With `lease_seconds` it has to say so often that it is there (`heartbeat_agent`).
    Registering the same name with the same endpoint or card again updates it. Raises `AgentNameTaken` otherwise.
    """
    principal.require(permissions.AGENTS_MANAGE)
    metadata = metadata or {}
    interface = chosen_interface(found.card, endpoint) if found else Interface(endpoint)
    _check_endpoint(endpoint or (found.url if found else ""))
    _check_metadata(metadata)
    name = (name or (str(found.card["name"]) if found else "")).strip()[:200]
    slug = slug_of(name)
    refuse_front_door(slug)
    agent = Agent.objects.select_for_update().filter(slug=slug).first()
    _require_same(agent, interface, found)
    agent = agent or Agent(slug=slug, tenant=default_tenant(), trust=first_trust(found))
    told = told_of(found.card if found else {}, metadata)
    state = Agent.State.READY if found else Agent.State.UNKNOWN
    whole = told | {"name": name, "endpoint": interface.url, "state": state, "metadata": metadata}
    save(agent, whole | {"source": Agent.Source.REMOTE, "direct_messages": True, "retired": None})
    names = list(capabilities) or skill_names(found.card if found else {})
    start_lease(agent, lease_seconds)
    set_capabilities(agent, names)
    _keep(agent, interface, found, credentials, trusted_keys)
    set_card(agent, partial_of(found.card) if found else partial_from(names))
    after = {"endpoint": interface.url, "capabilities": sorted(names)}
    audit.record(principal, "agent.registered", "agent", slug, after=after)
    tell(agent)
    return agent


@transaction.atomic
def approve_card(principal: Principal, ref: str) -> Agent:
    """Go by the card that was found since the last one was approved."""
    agent, upstream = _with_pending(principal, ref)
    before, card = upstream.digest, upstream.pending_card or {}
    adopt(agent, upstream, FoundCard(upstream.card_url, card, upstream.etag))
    after = {"digest": upstream.digest}
    audit.record(
        principal,
        "agent.card_approved",
        "agent",
        agent.slug,
        before={"digest": before},
        after=after,
    )
    tell(agent)
    return agent


@transaction.atomic
def reject_card(principal: Principal, ref: str) -> Agent:
    """Stay with the approved card; this other one is not shown again."""
    agent, upstream = _with_pending(principal, ref)
    upstream.rejected_digest = upstream.pending_digest
    clear_pending(upstream)
    upstream.save()
    after = {"digest": upstream.rejected_digest}
    audit.record(principal, "agent.card_rejected", "agent", agent.slug, after=after)
    tell(agent)
    return agent


def adopt(agent: Agent, upstream: Upstream, found: FoundCard) -> None:
    """Make a card the approved one: interface, skills and all. Connections are made anew."""
    interface = chosen_interface(found.card, agent.endpoint)
    told = told_of(found.card, agent.metadata)
    save(agent, told | {"endpoint": interface.url})
    _set_interface(upstream, interface, found.card)
    upstream.card, upstream.digest = found.card, found.digest
    upstream.card_url, upstream.etag = found.url, found.etag
    upstream.rejected_digest = ""
    upstream.revision += 1
    clear_pending(upstream)
    upstream.save()
    set_card(agent, partial_of(found.card))


def clear_pending(upstream: Upstream) -> None:
    upstream.pending_card, upstream.pending_digest, upstream.pending_since = None, "", None


def _keep(
    agent: Agent,
    interface: Interface,
    found: FoundCard | None,
    credentials: Json | None,
    trusted_keys: Json | None,
) -> None:
    """The upstream's row. What a connection depends on may have changed, so connections are made anew."""
    upstream = Upstream.objects.select_for_update().filter(agent=agent).first()
    upstream = upstream or Upstream(agent=agent, revision=0)
    now = timezone.now()
    if credentials is None and upstream.credentials:
        _require_same_places(upstream, interface, found)
    if credentials is not None:
        upstream.credentials = sealed(credentials)
    if trusted_keys is not None:
        upstream.trusted_keys = checked_keys(trusted_keys)
    _set_interface(upstream, interface, found.card if found else {})
    clear_pending(upstream)
    upstream.revision += 1
    upstream.failures, upstream.since, upstream.next_check = 0, now, now
    upstream.health, upstream.detail = Upstream.Health.UNKNOWN, ""
    if found:
        upstream.card, upstream.digest = found.card, found.digest
        upstream.card_url, upstream.etag, upstream.fetched = found.url, found.etag, now
        upstream.signature = Upstream.Signature(found.signature)
        upstream.signature_detail = found.signature_detail[:500]
        upstream.health, upstream.checked = Upstream.Health.READY, now
    upstream.save()


def _require_same_places(upstream: Upstream, interface: Interface, found: FoundCard | None) -> None:
    """A credential was given for certain servers: who does not know it cannot have it sent to another one."""
    known = {_origin(upstream.url), _origin(upstream.card_url)}
    wanted = {_origin(interface.url), _origin(found.url if found else "")}
    if elsewhere := sorted(wanted - known - {""}):
        told = _("The agent's credentials were not given for %(place)s: give them again.")
        about = {"credentials": _("needed for another server")}
        raise InvalidInput(told % {"place": elsewhere[0]}, fields=about)


def _origin(url: str) -> str:
    """Scheme, host and port; of gRPC's host:port all of it."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower() if "//" in url else url.lower()


def _set_interface(upstream: Upstream, interface: Interface, card: Json) -> None:
    told = card.get("capabilities")
    capabilities: Json = told if isinstance(told, dict) else {}
    extensions = capabilities.get("extensions")
    upstream.url, upstream.binding = interface.url, interface.binding
    upstream.protocol_version = interface.version
    upstream.interface_tenant = interface.tenant[:128]
    # Of an agent without a card nothing is known: streams are tried, and given up when it has none.
    upstream.streaming = bool(capabilities.get("streaming", not card))
    upstream.extensions = [
        str(each["uri"])
        for each in (extensions if isinstance(extensions, list) else ())
        if isinstance(each, dict) and each.get("required") and each.get("uri")
    ]


def checked_keys(given: Json) -> Json | None:
    """A JWK set of public keys; an empty one is none."""
    keys = given.get("keys", []) if given else []
    if not isinstance(keys, list) or not all(isinstance(each, dict) for each in keys):
        told = _("trusted_keys must be a JWK set: an object with a list of keys.")
        raise InvalidInput(told, fields={"trusted_keys": _("not a JWK set")})
    if len(keys) > MAX_KEYS or any("d" in each or "k" in each for each in keys):
        told = _("trusted_keys holds at most %(most)d public keys.") % {"most": MAX_KEYS}
        raise InvalidInput(told, fields={"trusted_keys": _("too many, or not public")})
    return {"keys": keys} if keys else None


def _with_pending(principal: Principal, ref: str) -> tuple[Agent, Upstream]:
    principal.require(permissions.AGENTS_MANAGE)
    agent = locked(access_agent(principal, ref))
    upstream = Upstream.objects.select_for_update().filter(agent=agent).first()
    if upstream is None:
        raise NotRemote(
            _("The agent %(slug)r is not registered by its URL.") % {"slug": agent.slug}
        )
    if upstream.pending_card is None:
        raise NoPendingCard(_("No card waits for approval here."))
    return agent, upstream


def _require_same(agent: Agent | None, interface: Interface, found: FoundCard | None) -> None:
    """The name is free, or it was this agent's before."""
    if agent is None or agent.retired is not None:
        return
    known = Upstream.objects.filter(agent=agent).values_list("card_url", flat=True).first()
    is_same_card = found is not None and known == found.url
    if agent.source != Agent.Source.REMOTE or not (agent.endpoint == interface.url or is_same_card):
        told = _("There is already an agent %(slug)r: give this one another name.")
        told %= {"slug": agent.slug}
        raise AgentNameTaken(told)


def _check_metadata(metadata: Json) -> None:
    if len(metadata) > MAX_METADATA_ITEMS:
        told = _("metadata may hold at most %(most)d items.") % {"most": MAX_METADATA_ITEMS}
        raise InvalidInput(told, fields={"metadata": _("too many")})


def _check_endpoint(endpoint: str) -> None:
    """Only its shape: whether AgentX may reach it is asked when it is called (AGENTX_WEBHOOK_ALLOW)."""
    try:
        parts = urlsplit(endpoint)
        host, _port = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in ("http", "https") or len(endpoint) > 500:
        told = _("An endpoint is an http:// or https:// URL of at most 500 characters.")
        raise InvalidInput(told, fields={"endpoint": _("not an http(s) URL")})
    if parts.username or parts.password or parts.fragment:
        told = _("An endpoint's URL carries no user, password or fragment.")
        raise InvalidInput(told, fields={"endpoint": _("credentials in URL")})
