"""What the registry refuses."""

from security.errors import Conflict, InvalidInput, NotFound


class AgentNotFound(NotFound):
    """Missing and hidden look alike."""

    code, reason = "agent_not_found", "AGENT_NOT_FOUND"


class NodeNotFound(NotFound):
    code, reason = "node_not_found", "NODE_NOT_FOUND"


class CardNotFound(NotFound):
    code, reason = "card_not_found", "CARD_NOT_FOUND"


class AgentNameTaken(Conflict):
    code, reason = "agent_name_taken", "AGENT_NAME_TAKEN"


class BadCard(InvalidInput):
    code, reason = "bad_agent_card", "BAD_AGENT_CARD"


class NotRemote(Conflict):
    """The agent is hosted by a plugin: there is no card elsewhere."""

    code, reason = "agent_not_remote", "AGENT_NOT_REMOTE"


class NoPendingCard(Conflict):
    code, reason = "no_pending_card", "NO_PENDING_CARD"


class CardUnreachable(InvalidInput):
    """No card could be read from the URL that was given; the message says why."""

    code, reason = "agent_card_unreachable", "AGENT_CARD_UNREACHABLE"
