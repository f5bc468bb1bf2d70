"""LangChain: agents of `create_agent` with middleware, from configuration, or your own Runnable."""

from adapter import Plugin
from agentx_sdk import run

if __name__ == "__main__":
    run(Plugin())
