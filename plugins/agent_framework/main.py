"""Microsoft Agent Framework in AgentX: run by AgentX, which says on standard input where to be."""

from adapter import Plugin
from agentx_sdk import run

if __name__ == "__main__":
    run(Plugin())
