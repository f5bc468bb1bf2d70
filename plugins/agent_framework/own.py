"""One agent, configured or an author's own; and workflows that an author's function builds."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from agent_framework import SupportsAgentRun, Workflow
from agentx_sdk.llm import own_code

ASSISTANT = "assistant"


@dataclass(frozen=True)
class Single:
    """One agent. `is_own`: an author's, whose session is kept as it is."""

    agent: SupportsAgentRun
    tools: frozenset[str] = frozenset()
    vision: bool = True
    is_own: bool = False
    shape: str = ASSISTANT


@dataclass(frozen=True)
class OwnWorkflow:
    """An author's function that builds a workflow: one for each turn, since a workflow keeps what it heard."""

    code: str
    function: Callable[..., Any]
    offered: Mapping[str, Any]
    ready: list[Workflow] = field(default_factory=list)
    answers_whole: bool = False
    can_wait: bool = True
    vision: bool = True

    @property
    def shape(self) -> str:
        """A workflow that waits goes on with what the same path names; its graph must be the same, too."""
        return f"own {self.code}"

    async def made(self) -> Workflow:
        """One that has heard nothing."""
        if self.ready:
            return self.ready.pop()
        made = own_code.made(self.function, **self.offered)
        workflow: Workflow = await made if inspect.isawaitable(made) else made
        return workflow
