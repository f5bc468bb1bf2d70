"""Conversations through LangChain's messages and back: a line of JSON in, a line of JSON out."""

import json
import sys

from agentx_sdk.langchain.messages import from_native, to_native
from agentx_sdk.llm.messages import from_json, to_json

__all__ = ["from_native", "to_native"]


def main() -> None:
    for line in sys.stdin:
        there = to_native(from_json(json.loads(line)))
        sys.stdout.write(json.dumps(to_json(from_native(there))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
