"""What a plugin's `convert.py` does when it is run by itself: conversations through its messages and back."""

import json
import sys
from collections.abc import Callable, Sequence
from typing import Any

from agentx_sdk.llm.messages import ChatMessage, from_json, to_json


def convert_lines(
    to_native: Callable[[Sequence[ChatMessage]], Any],
    from_native: Callable[[Any], list[ChatMessage]],
) -> None:
    """Each line of standard input, a JSON list of messages (`to_json`), as a line on standard output."""
    for line in sys.stdin:
        back = from_native(to_native(from_json(json.loads(line))))
        sys.stdout.write(json.dumps(to_json(back), ensure_ascii=False) + "\n")
        sys.stdout.flush()
