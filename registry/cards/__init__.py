"""Agent cards (A2A 1.0). Pure: no Django, no I/O.

A plugin or a registration gives a part; `statement` makes of it the whole of what an agent says, which is kept and
versioned; `served` adds what only AgentX can know: its own addresses and how to authenticate.
"""

from registry.cards.canonical import digest, full, payload, payloads, unsigned
from registry.cards.changes import Change, diff
from registry.cards.checking import Card, known, validate_card
from registry.cards.serving import ROUTER, Doors, interfaces, served
from registry.cards.statement import (
    TEXT_MODES,
    extended_statement,
    skill_from_capability,
    skill_of,
    statement,
)

__all__ = [
    "ROUTER",
    "TEXT_MODES",
    "Card",
    "Change",
    "Doors",
    "diff",
    "digest",
    "extended_statement",
    "full",
    "interfaces",
    "known",
    "payload",
    "payloads",
    "served",
    "skill_from_capability",
    "skill_of",
    "statement",
    "unsigned",
    "validate_card",
]
