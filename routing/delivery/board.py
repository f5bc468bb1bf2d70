"""What a run needs of the switchboard that carries it."""

from collections.abc import AsyncGenerator, Sequence
from typing import Protocol

from plugins_app.client.codec import Happening, Turn
from plugins_app.client.messages import PluginMessages
from plugins_app.client.target import Target
from routing.delivery.balance import Balance
from routing.delivery.conversations import Conversations
from routing.delivery.pace import Paces
from routing.journal import Journal
from routing.record import Event, Json
from routing.routes import Routes


class Carrier(Protocol):
    """Delivers a turn. Raises `Undelivered`, `Broken`, `TurnFailed` or `BadAnswer`; stops when it is closed."""

    def stream(self, target: Target, turn: Turn) -> AsyncGenerator[list[Happening], None]:
        """The turn as it happens. An empty item says that the agent has the message."""
        ...


class Board(Protocol):
    owner: str
    balance: Balance
    conversations: Conversations
    journal: Journal
    messages: PluginMessages
    paces: Paces
    routes: Routes

    def carrier(self, target: Target) -> Carrier:
        """Who delivers there."""
        ...

    def give_up(self, target: Target, upstream: Json, request_id: str) -> None:
        """An agent elsewhere need not go on with what it calls by these ids."""
        ...

    def orphaned(self, task_id: str) -> None:
        """Nobody waits for what this task's turn asked other agents for."""
        ...

    def finished(self, task_id: str, run: object) -> None: ...

    def committed(self, task_id: str, events: Sequence[Event], *, is_watched: bool) -> None:
        """These events have happened. `is_watched`: on another process, too."""
        ...
