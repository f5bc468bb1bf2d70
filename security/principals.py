"""Who asks: a person, a key, AgentX itself, or nobody known."""

from dataclasses import dataclass, field, replace
from typing import Literal
from uuid import UUID

from django.utils.translation import gettext as _

from security.errors import Forbidden, NotAuthenticated

Kind = Literal["user", "key", "system", "anonymous"]


@dataclass(frozen=True, slots=True)
class Grant:
    """What the token of a turn says: for `subject`, the agent that is at work on `task` may call other agents.

    `chain`: the agents that asked one another until here, the last one this. `trace`: of all of it. `expires`: Unix time.
    `scope`: the A2A tenant that the task is in, and all that is asked for with it. `hops`: how many AgentX servers handed
    the task on before it came here.
    """

    subject: str
    task: str
    agent: str
    chain: tuple[str, ...]
    trace: str
    expires: float
    scope: str = ""
    hops: int = 0


@dataclass(frozen=True, slots=True)
class Principal:
    """An authenticated caller with what it may do. Built once per request, handed to every service first.

    `subject` (`user:<uuid>`, `key:<uuid>`, `system:<name>`, `anonymous`) owns the tasks it makes: two keys of one
    person are two callers, because two programs are.
    """

    kind: Kind
    id: str
    label: str
    tenant_id: UUID | None = None
    permissions: frozenset[str] = field(default_factory=frozenset)
    roles: tuple[str, ...] = ()
    source_ip: str = ""
    request_id: str = ""
    # The tenant an A2A request names: tasks made under one are not seen under another. Empty: none named.
    scope: str = ""
    # An agent asks, in this caller's name, while it is at work on one of this caller's tasks.
    turn: Grant | None = None

    @property
    def subject(self) -> str:
        return f"{self.kind}:{self.id}" if self.id else self.kind

    @property
    def is_anonymous(self) -> bool:
        return self.kind == "anonymous"

    @property
    def told(self) -> str:
        """Who did it, for the audit."""
        return f"{self.label} by agent {self.turn.agent}"[:200] if self.turn else self.label

    def may(self, permission: str) -> bool:
        return self.kind == "system" or permission in self.permissions

    def require(self, permission: str) -> None:
        """Raise `NotAuthenticated` or `Forbidden` unless this caller may."""
        if self.may(permission):
            return
        if self.is_anonymous:
            raise NotAuthenticated(_("Log in, or send an API key as 'Authorization: Bearer …'."))
        roles = ", ".join(self.roles) or _("no role")
        told = _("This needs the permission %(permission)s; %(caller)s has %(roles)s.")
        raise Forbidden(told % {"permission": permission, "caller": self.label, "roles": roles})

    def seen_from(self, *, source_ip: str, request_id: str) -> "Principal":
        """The same caller, with where this request came from and its id (for the audit)."""
        return replace(self, source_ip=source_ip, request_id=request_id)

    def within(self, scope: str) -> "Principal":
        """The same caller, in the A2A tenant that the request names."""
        return replace(self, scope=scope)


ANONYMOUS = Principal(kind="anonymous", id="", label="anonymous")


def system(name: str) -> Principal:
    """AgentX itself: a supervisor, the autoscaler, the bootstrap. May everything; is audited by its name."""
    return Principal(kind="system", id=name, label=f"system:{name}")
