"""What a user may order in words: failures and delays. Pure."""

import re
from dataclasses import dataclass

STATUS = re.compile(r"!status\s+([45]\d\d)(\s+once)?")
SLOW = re.compile(r"!slow\s+(\d+(?:\.\d+)?)")
WORDS = re.compile(r"!words\s+(\d+)")
MAX_SLOW = 60.0  # seconds a word
MAX_WORDS = 100_000


@dataclass(frozen=True)
class Orders:
    """`status`: 0 for none. `seconds`: between words."""

    status: int = 0
    only_once: bool = False
    too_long: bool = False
    hangs: bool = False
    stalls: bool = False
    breaks: bool = False
    loops: bool = False
    seconds: float = 0.0
    words: int = 0


def orders_in(text: str) -> Orders:
    """Those that the text gives."""
    if "!" not in text:
        return Orders()
    status, slow, words = STATUS.search(text), SLOW.search(text), WORDS.search(text)
    return Orders(
        status=int(status[1]) if status else 0,
        only_once=bool(status and status[2]),
        too_long="!context" in text,
        hangs="!hang" in text,
        stalls="!stall" in text,
        breaks="!break" in text,
        loops="!loop" in text,
        seconds=min(float(slow[1]), MAX_SLOW) if slow else 0.0,
        words=min(int(words[1]), MAX_WORDS) if words else 0,
    )
