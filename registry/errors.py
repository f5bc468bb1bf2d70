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
