"""What a running process is and what is wanted of it: what is to be done about the difference. Pure."""

from enum import Enum, auto
from typing import Protocol
from uuid import UUID

from plugins_app.client.agents import Held, are_in_line
from plugins_app.supervisor.wanted import Wanted


class Step(Enum):
    KEEP = auto()
    RENUMBER = auto()  # it is what a newer generation wants, too
    CONFIGURE = auto()
    AGENTS = auto()  # some are to be made, made anew or let go
    REPLACE = auto()
    ATTACH = auto()


class InForce(Protocol):
    """What a running process was made of."""

    generation: int
    release_id: UUID
    revision: int
    agents: Held
    model_mark: str

    @property
    def attached(self) -> str: ...


class Refusals:
    """What was tried in a slot and did not come up; it is not tried again while it is all that is wanted."""

    def __init__(self) -> None:
        self.launch: tuple[int, int] | None = None  # generation and revision
        self.live = 0  # a revision that the process takes with a new start only
        self.config = 0  # a revision it will not have
        self.attachment = ""  # a launch that could not be greeted


def step(wanted: Wanted, now: InForce, refused: Refusals) -> Step:
    """The one thing to do next."""
    hand = wanted.attachment.launch_id if wanted.attachment else ""
    if hand not in ("", now.attached, refused.attachment):
        return Step.ATTACH
    if now.attached:
        return _of_attached(wanted, now, refused) if hand == now.attached else Step.REPLACE
    if wanted.release_id == now.release_id and not are_in_line(wanted.agents, now.agents):
        return Step.AGENTS
    if (wanted.generation, wanted.revision) == refused.launch or not wanted.is_prepared:
        return Step.KEEP
    if _is_outdated(wanted, now, refused):
        return Step.REPLACE
    if wanted.revision not in (now.revision, refused.config):
        return Step.CONFIGURE
    return Step.KEEP if wanted.generation == now.generation else Step.RENUMBER


def _is_outdated(wanted: Wanted, now: InForce, refused: Refusals) -> bool:
    """Another default model or release, an operator's word after its start, a configuration it takes no other way."""
    if wanted.model_mark != now.model_mark:
        return True
    if wanted.release_id != now.release_id or wanted.asked_generation > now.generation:
        return True
    return now.revision != wanted.revision == refused.live


def _of_attached(wanted: Wanted, now: InForce, refused: Refusals) -> Step:
    """Its author restarts it, not we."""
    if not are_in_line(wanted.agents, now.agents):
        return Step.AGENTS
    if wanted.revision in (now.revision, refused.live, refused.config):
        return Step.KEEP
    return Step.CONFIGURE
