"""Semantic Kernel as a plugin: agents, orchestrations and functions from configuration, and your own code."""

from adapter import Plugin
from agentx_sdk import run

if __name__ == "__main__":
    run(Plugin())
