"""A door of one agent: its caller is let in before the body is read."""

from typing import Any, ClassVar

from django.http import HttpRequest

from registry.cards import ROUTER
from registry.errors import AgentNotFound
from registry.profile import Profile
from routing.a2a import asking
from routing.a2a.lane_view import LaneView
from routing.delivery.operations import Operations
from routing.errors import ExtensionSupportRequired
from security.principals import Principal


class AgentView(LaneView):
    """`operations` is given to `for_lane`; `profile` is the agent's, once its caller is let in."""

    operations: ClassVar[Operations] = None  # type: ignore[assignment]
    profile: Profile | None = None
    takes_turns = True

    def admit(self, principal: Principal, request: HttpRequest, **path: Any) -> None:
        """The operation asks again, and refuses with the call's id what is let through here:

        who does not speak a required extension, and the front door without an agent behind it, which has a card.
        """
        agent, named = path["agent"], asking.extensions(request)
        try:
            self.profile = self.operations.require_call(principal, agent, named)
        except ExtensionSupportRequired:
            self.profile = None
        except AgentNotFound:
            if agent != ROUTER:
                raise
