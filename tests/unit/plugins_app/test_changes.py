"""What is to be done about the difference between what runs and what is wanted."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from plugins_app.client.agents import Held
from plugins_app.client.shapes import AgentSpec, HeldAgent
from plugins_app.supervisor.changes import Refusals, Step, step


@dataclass
class Running:
    generation: int = 1
    release_id: str = "a"
    revision: int = 1
    agents: Held = field(default_factory=lambda: {"a": HeldAgent(0), "b": HeldAgent(2)})
    model_mark: str = "m"
    attached: str = ""


AGENTS = (AgentSpec("a", "A", "", {}), AgentSpec("b", "B", "", {}, revision=2))
ANOTHER = (*AGENTS, AgentSpec("c", "C", "", {}, revision=1))
CHANGED = (AGENTS[0], AgentSpec("b", "B", "", {}, revision=3))


def wanted(**told: Any) -> Any:
    usual: dict[str, Any] = {"generation": 1, "release_id": "a", "revision": 1}
    usual |= {"asked_generation": 1, "agents": AGENTS, "model_mark": "m"}
    hand = told.pop("hand", "")
    attachment = SimpleNamespace(launch_id=hand) if hand else None
    return SimpleNamespace(**{**usual, "is_prepared": True, "attachment": attachment, **told})


@pytest.mark.parametrize(
    ("now", "want", "what"),
    [
        ({}, {}, Step.KEEP),
        ({}, {"generation": 2}, Step.RENUMBER),
        ({}, {"generation": 2, "asked_generation": 2}, Step.REPLACE),
        ({}, {"generation": 2, "release_id": "b"}, Step.REPLACE),
        ({}, {"generation": 2, "release_id": "b", "is_prepared": False}, Step.KEEP),
        ({}, {"revision": 2}, Step.CONFIGURE),
        ({}, {"revision": 2, "release_id": "b"}, Step.REPLACE),
        ({}, {"hand": "x"}, Step.ATTACH),
        ({"attached": "x"}, {"hand": "x"}, Step.KEEP),
        ({"attached": "x"}, {"hand": "x", "generation": 2, "asked_generation": 2}, Step.KEEP),
        ({"attached": "x"}, {"hand": "x", "revision": 2}, Step.CONFIGURE),
        ({"attached": "x"}, {"hand": "y"}, Step.ATTACH),
        ({"attached": "x"}, {}, Step.REPLACE),
        ({}, {"agents": ANOTHER}, Step.AGENTS),
        ({}, {"agents": CHANGED}, Step.AGENTS),
        ({}, {"agents": AGENTS[:1]}, Step.AGENTS),
        ({}, {"agents": CHANGED, "revision": 2}, Step.AGENTS),
        ({}, {"agents": CHANGED, "release_id": "b"}, Step.REPLACE),
        ({"attached": "x"}, {"hand": "x", "agents": CHANGED}, Step.AGENTS),
        ({}, {"model_mark": "another"}, Step.REPLACE),
        ({"attached": "x"}, {"hand": "x", "model_mark": "another"}, Step.KEEP),
    ],
)
def test_the_next_step(now: Any, want: Any, what: Step) -> None:
    assert step(wanted(**want), Running(**now), Refusals()) is what


def test_what_could_not_be_made_is_not_tried_again_before_it_is_changed() -> None:
    failed = Running(agents={"a": HeldAgent(0), "b": HeldAgent(2, "no such model")})
    assert step(wanted(), failed, Refusals()) is Step.KEEP
    assert step(wanted(agents=CHANGED), failed, Refusals()) is Step.AGENTS


def test_what_did_not_come_up_is_left_until_something_else_is_wanted() -> None:
    refused = Refusals()
    refused.launch = (2, 1)
    assert step(wanted(generation=2, release_id="b"), Running(), refused) is Step.KEEP
    assert step(wanted(generation=3, release_id="b"), Running(), refused) is Step.REPLACE


def test_a_configuration_that_needs_a_start_gets_one() -> None:
    refused = Refusals()
    refused.live = 2
    assert step(wanted(revision=2), Running(), refused) is Step.REPLACE
    assert step(wanted(revision=3), Running(), refused) is Step.CONFIGURE
    by_hand = Running(attached="x")
    assert step(wanted(revision=2, hand="x"), by_hand, refused) is Step.KEEP


def test_a_refused_configuration_is_not_offered_again() -> None:
    refused = Refusals()
    refused.config = 2
    assert step(wanted(revision=2), Running(), refused) is Step.KEEP
    assert step(wanted(revision=3), Running(), refused) is Step.CONFIGURE


def test_a_process_that_could_not_be_greeted_is_not_greeted_again() -> None:
    refused = Refusals()
    refused.attachment = "x"
    assert step(wanted(hand="x"), Running(), refused) is Step.KEEP
    assert step(wanted(hand="y"), Running(), refused) is Step.ATTACH
