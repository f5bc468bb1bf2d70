"""Conversations through LangChain's messages and back: a line of JSON in, a line of JSON out."""

from agentx_sdk.langchain.messages import from_native, to_native
from agentx_sdk.llm.converting import convert_lines

__all__ = ["from_native", "to_native"]

if __name__ == "__main__":
    convert_lines(to_native, from_native)
