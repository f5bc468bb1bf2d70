"""How a turn ends when the agent does not end it: the reason that its task tells. Pure."""

from typing import NamedTuple

from plugins_app.client.errors import BadAnswer, Broken, TurnFailed, Undelivered
from routing.errors import AgentUnreachable, EntryRefused, NoProcess
from routing.limits import MAX_TURN_SECONDS
from routing.record import Json, Record


class Ending(NamedTuple):
    """`metadata`: what a caller said of its cancel, or the agent of its failure."""

    state: str
    text: str
    reason: str
    metadata: Json | None = None


# Of an agent elsewhere: nothing of the message has arrived.
UNREACHED = "upstream_unreachable"
STOPPED = Ending("FAILED", "AgentX was stopped while the agent was at work.", "agentx_stopped")
BROKEN = Ending(
    "FAILED",
    "Something went wrong inside AgentX. The log has it under the request id.",
    "internal",
)
# What a delivery may raise that is no fault of AgentX.
FAILURES = (TurnFailed, BadAnswer, EntryRefused, NoProcess, Undelivered, Broken, TimeoutError)


def canceled(metadata: Json | None = None) -> Ending:
    return Ending("CANCELED", "The task was canceled.", "canceled", metadata)


def ending_of(error: Exception) -> Ending:
    """Of one of FAILURES."""
    match error:
        case TurnFailed():
            return Ending("FAILED", error.reason, error.code, error.metadata or None)
        case BadAnswer():
            text = f"The agent's answer cannot be understood: {error}."
            return Ending("FAILED", text, "invalid_agent_response")
        case EntryRefused():
            text = f"The agent's answer was refused: {error}."
            return Ending("FAILED", text, "invalid_agent_response")
        case NoProcess():
            return Ending("FAILED", str(error), "agent_unreachable")
        case Undelivered():
            text = f"The agent could not be reached: {error}."
            return Ending("FAILED", text, UNREACHED)
        case Broken():
            return Ending("FAILED", f"The agent's process was lost: {error}.", "process_lost")
        case TimeoutError():
            return Ending(
                "FAILED", f"The agent took longer than {MAX_TURN_SECONDS:.0f} s.", "timeout"
            )
        case _:
            return BROKEN


def reached(task: Record, is_new: bool) -> Record:
    """A task that ended before its agent, which lives elsewhere, could be reached is a refusal to who wanted a new one.

    Raises `AgentUnreachable`.
    """
    if is_new and task.reason == UNREACHED:
        text = task.status["message"]["parts"][0]["text"]
        raise AgentUnreachable(text, task=task.id)
    return task
