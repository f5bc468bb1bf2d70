"""How a web process cleans up: what it made while it started is never looked through again.

Python's collector stops everything for as long as it takes to visit every object: with ten thousand agents, 140 ms at
every fiftieth request. Frozen, the objects of the start are not visited; what a request makes is mostly freed without
the collector, so it may look less often.
"""

import gc
from typing import Final

# New objects before the youngest are looked through; and how often that before the older ones are.
THRESHOLDS: Final = (20_000, 20, 20)


def settle() -> None:
    """Call when everything that stays has been made."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
