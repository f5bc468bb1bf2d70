"""Which door leads where: the parts of the ASGI application put together."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from channels.routing import URLRouter
from channels.security.websocket import OriginValidator
from django.conf import settings

from agentx_site.lane import App, Lane, Receive, Scope, Send
from agentx_site.memory import settle
from agentx_site.probes import Readiness, health
from monitoring.sockets import websocket_urlpatterns
from routing.a2a.cards import AgentCardView, CatalogueView, KeySetView
from routing.a2a.jsonrpc import JsonRpc
from routing.a2a.plain import SendMessageView
from routing.a2a.rest import Rest
from routing.a2a.shelf import Shelf
from routing.delivery import Switchboard
from routing.delivery.operations import Operations

log = logging.getLogger(__name__)
NO_SUCH_SOCKET = 4404


def build(site: App, switchboard: Switchboard) -> App:
    """The whole application around Django's handler."""
    lane = message_lane(switchboard, site)

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        match scope["type"]:
            case "http":
                await lane(scope, receive, send)
            case "websocket":
                await sockets(scope, receive, send)
            case "lifespan":
                await live(switchboard.start, switchboard.stop, receive, send)

    return application


def message_lane(switchboard: Switchboard, site: App) -> Lane:
    operations = Operations(switchboard)
    shelf = Shelf(switchboard)
    card = AgentCardView.for_lane(shelf=shelf)
    old_card = AgentCardView.for_lane(shelf=shelf, unnamed="0.3")
    return Lane(
        exact={
            "/health": health,
            "/ready": Readiness(),
            "/api/v1/messages/send": SendMessageView.for_lane(operations=operations),
            "/.well-known/agent-card.json": card,
            "/.well-known/agent.json": old_card,
            "/.well-known/jwks.json": KeySetView.for_lane(shelf=shelf),
            "/.well-known/ai-catalog.json": CatalogueView.for_lane(shelf=shelf),
        },
        agent={
            "": JsonRpc.for_lane(operations=operations),
            ".well-known/agent-card.json": card,
            ".well-known/agent.json": old_card,
        },
        below=Rest.for_lane(operations=operations),
        site=site,
        started=switchboard.start,
    )


class KnownOrigins(OriginValidator):
    """Pages of AgentX's own hosts, and programs, which are of no page at all."""

    def valid_origin(self, parsed_origin: Any) -> bool:
        return parsed_origin is None or bool(super().valid_origin(parsed_origin))


# types-channels and Django's path() disagree about what a view is (monitoring.sockets).
_router = URLRouter(websocket_urlpatterns)  # type: ignore[arg-type]
# Consumers ask themselves who is behind a socket, and go on asking (security.sessions).
_sockets: Any = KnownOrigins(_router, settings.ALLOWED_HOSTS)


async def sockets(scope: Scope, receive: Receive, send: Send) -> None:
    path = scope["path"].removeprefix("/")
    if any(route.pattern.match(path) for route in websocket_urlpatterns):
        await _sockets(scope, receive, send)
    else:
        await receive()
        await send({"type": "websocket.close", "code": NO_SUCH_SOCKET})


async def live(
    start: Callable[[], Awaitable[None]],
    stop: Callable[[], Awaitable[None]],
    receive: Receive,
    send: Send,
) -> None:
    """ASGI lifespan."""
    while True:
        message = await receive()
        deed = start if message["type"] == "lifespan.startup" else stop
        try:
            await deed()
        except Exception as error:
            log.exception("%s failed", message["type"])
            await send({"type": f"{message['type']}.failed", "message": str(error)})
            return
        if deed is start:
            settle()
        await send({"type": f"{message['type']}.complete"})
        if deed is stop:
            return
