"""Messages on their way: open, wait, close. `Switchboard` is the core that every door calls."""

from routing.delivery.switchboard import Switchboard

__all__ = ["Switchboard"]
