"""One message on its way through an agent, as the agent's author sees it."""

import time
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from agentx_sdk import codec
from agentx_sdk._wire import agentx_plugin_pb2 as pb
from agentx_sdk.content import Message, Part, text_of
from agentx_sdk.memory import Memory


@dataclass
class Agent:
    """An agent that the plugin hosts. `config` is what its operator set for it.

    A dict, or an instance of the adapter's `AgentConfig`; `raw` is the dict in any case.
    """

    id: str
    name: str = ""
    description: str = ""
    config: Any = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)
    raw: dict[str, Any] = field(default_factory=dict, repr=False)


class Turn:
    """A message for `agent`. What is read only now and then is parsed only then."""

    def __init__(self, request: pb.ProcessMessageRequest, agent: Agent) -> None:
        self._request = request
        self._cancelled = False
        self.agent = agent

    @cached_property
    def text(self) -> str:
        """The text parts of the message, one under another."""
        parts = self._request.message.parts
        if len(parts) == 1:  # what nearly every message looks like
            return parts[0].text
        return text_of(self.parts)

    @cached_property
    def parts(self) -> list[Part]:
        """Every part of the message: text, files, links, data."""
        return codec.message_parts(self._request.message)

    @cached_property
    def history(self) -> list[Message]:
        """The task's earlier messages, oldest first."""
        return [codec.decode_message(message) for message in self._request.history]

    @cached_property
    def metadata(self) -> dict[str, Any]:
        """The request's metadata, and over it the message's."""
        message = self._request.message
        own = codec.json_object(message.metadata_json, message.metadata)
        asked = self._request.metadata_json
        return {**codec.json_object(asked), **own} if asked else own

    @cached_property
    def memory(self) -> Memory:
        """What this conversation left at the end of its last turn; what is in it at the end of this one is kept.

        JSON values by name, at most a MiB. plugin.yaml says `conversation_memory: true`.
        """
        return Memory(self._request.memory)

    def memory_to_keep(self) -> bytes | None:
        """The bytes to send with the last event; None where nothing was changed."""
        return self.memory.encoded() if "memory" in vars(self) else None

    @property
    def token(self) -> str:
        """A bearer token for A2A calls in the caller's name, while this turn runs; empty where there is none."""
        return self._request.turn_token

    @property
    def agentx_url(self) -> str:
        """Where AgentX answers such calls: an agent's address is `{agentx_url}/a2a/{agent}/`."""
        return self._request.agentx_url

    @property
    def config(self) -> Any:
        """The agent's configuration."""
        return self.agent.config

    @property
    def context_id(self) -> str:
        """The conversation: the same for every task of it."""
        return self._request.context_id or self._request.message.conversation_id

    @property
    def task_id(self) -> str:
        """The task: the same for every turn of it."""
        return self._request.task_id or self._request.message.task_id

    @property
    def message_id(self) -> str:
        """The message's id, as its sender made it."""
        return self._request.message.id

    @property
    def request_id(self) -> str:
        """The id that the core's log has for this call."""
        return self._request.request_id

    @property
    def caller(self) -> str:
        """Who sent the message, as AgentX knows them; empty for an anonymous caller."""
        return self._request.caller

    @property
    def traceparent(self) -> str:
        """The W3C trace context, to hand on."""
        return self._request.traceparent

    @property
    def accepted_output_modes(self) -> list[str]:
        """The media types that the caller can take; empty: any."""
        return list(self._request.accepted_output_modes)

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the caller stops waiting; None when there is no deadline."""
        if not self._request.deadline_ms:
            return None
        return max(0.0, self._request.deadline_ms / 1000 - time.time())

    @property
    def cancelled(self) -> bool:
        """Whether the caller gave up. Code in a thread must look; a coroutine is cancelled."""
        return self._cancelled

    def cancel(self) -> None:
        """Say that nobody waits for this turn any more."""
        self._cancelled = True


current_turn: ContextVar[Turn | None] = ContextVar("agentx_current_turn", default=None)
