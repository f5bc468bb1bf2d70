"""What a run needs of the switchboard that carries it."""

from typing import Protocol

from plugins_app.client.messages import PluginMessages
from routing.delivery.balance import Balance
from routing.journal import Journal
from routing.routes import Routes


class Board(Protocol):
    balance: Balance
    journal: Journal
    messages: PluginMessages
    routes: Routes

    def finished(self, task_id: str, run: object) -> None: ...

    def tell_changed(self, task_id: str) -> None: ...
