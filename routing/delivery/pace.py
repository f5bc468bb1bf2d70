"""How quickly agents answer, as this process has seen it: whether a turn is worth a stream of its own. Pure."""

from collections import defaultdict, deque
from typing import Final

QUICK_SECONDS: Final = 0.25  # so late, at most, does anybody hear of what happened meanwhile
TURNS: Final = 8  # in a row


class Paces:
    """One call is cheaper than one stream. An agent of which nothing is known, or that was slow lately, gets a stream:
    whoever follows its task hears of each event when it happens."""

    def __init__(self) -> None:
        self._slow: defaultdict[str, deque[bool]] = defaultdict(lambda: deque(maxlen=TURNS))

    def note(self, slug: str, seconds: float) -> None:
        """A turn of this agent took so long."""
        self._slow[slug].append(seconds > QUICK_SECONDS)

    def is_quick(self, slug: str) -> bool:
        """Whether all of its last turns were."""
        lately = self._slow.get(slug)
        return lately is not None and not any(lately)
