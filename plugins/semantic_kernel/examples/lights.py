"""Functions of your own: a class whose methods a model may call."""

import threading
import time
from typing import Annotated

from semantic_kernel.functions import kernel_function


class Lights:
    """`plugins: [lights.py:Lights]`. Plain methods run in threads, and hold nobody up."""

    @kernel_function(description="Switch the light of a room.")
    def switch(self, room: Annotated[str, "Which room."], on: bool) -> str:
        """What it is now."""
        return f"the {room} is {'lit' if on else 'dark'}"

    @kernel_function(description="What a room uses.")
    async def watts(self, room: Annotated[str, "Which room."]) -> int:
        """In watts."""
        return len(room)

    @kernel_function(description="Where this runs.")
    def where(self) -> str:
        """Not where the other turns are answered."""
        return "main" if threading.current_thread() is threading.main_thread() else "thread"

    @kernel_function(description="A lamp that is broken.")
    def flicker(self) -> str:
        """It never works."""
        raise ValueError("no bulb")

    @kernel_function(description="A lamp that takes its time.")
    def dim(self) -> str:
        """It never comes back."""
        time.sleep(3600)
        return "late"
