"""What stands beside a message: its metadata, read once, and the caller it names."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from registry.cards import ROUTER
from routing.a2a import asking
from routing.gateway.refusals import REQUEST_ID, Rpc
from routing.requests import Asked
from security import context
from security.authentication import as_address, key_caller, key_in
from security.principals import ANONYMOUS, Principal

DOOR: Final = "grpc"
AGENT: Final = "x-agentx-agent"
VERSION: Final = "a2a-version"
EXTENSIONS: Final = tuple(name.lower() for name in asking.EXTENSIONS.values())


@dataclass(frozen=True, slots=True)
class Call:
    """One RPC. Metadata values by their name; a name sent more than once, as HTTP has it: joined by commas."""

    metadata: dict[str, str]
    address: str
    request_id: str

    @classmethod
    def of(cls, rpc: Rpc) -> "Call":
        """Begins the request: its id is in the log from here on."""
        metadata: dict[str, str] = {}
        for name, value in rpc.invocation_metadata() or ():
            if isinstance(value, str):
                metadata[name] = f"{metadata[name]},{value}" if name in metadata else value
        context.count_hops(metadata.get(context.HOPS_HEADER.lower()))
        context.take_trace(metadata.get(context.TRACE_HEADER))
        return cls(metadata, address_of(rpc.peer()), context.begin(metadata.get(REQUEST_ID)))

    async def caller(self) -> Principal:
        """Raises `NotAuthenticated` for a key that is not good; without one: anonymous."""
        key = key_in(self.metadata.get("authorization"), self.metadata.get("x-api-key"))
        if key is None:
            return ANONYMOUS.seen_from(source_ip=self.address, request_id=self.request_id)
        return await key_caller(key, self.address, takes_turns=True)

    @property
    def version(self) -> str:
        return self.metadata.get(VERSION, "")

    @property
    def extensions(self) -> frozenset[str]:
        return asking.uris(*(self.metadata.get(name) for name in EXTENSIONS))

    def asked(self, dialect: str) -> Asked:
        """Raises `InvalidInput`."""
        opted_in = self.metadata.get("agentx-idempotent", "")
        last_event = self.metadata.get("last-event-id")
        return asking.beside(DOOR, dialect, self.extensions, opted_in, last_event)

    def agent_of(self, tenant: str) -> tuple[str, str]:
        """The agent and the tenant inside it that `tenant` names ("slug", "slug/inner").

        Without one the metadata may name the agent, because 0.3 has no such field; else it is the front door.
        """
        agent, _, inner = (tenant or self.metadata.get(AGENT, "")).partition("/")
        return agent or ROUTER, inner


def address_of(peer: str) -> str:
    """Of gRPC's words for it ("ipv4:127.0.0.1:50000", "ipv6:%5B::1%5D:50000"); nothing for a unix socket."""
    _kind, _, place = unquote(peer).partition(":")
    return as_address(place.rpartition(":")[0].strip("[]"))
