"""Which process is meant."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    """One launch of one plugin process. A relaunch has another `launch_id`, and another address."""

    instance_id: str
    address: str  # "unix:<path>"
    launch_id: str
