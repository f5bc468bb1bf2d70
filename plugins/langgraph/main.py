"""LangGraph: graphs of models, tools, questions and agents, from configuration, or your own."""

from adapter import Plugin
from agentx_sdk import run

if __name__ == "__main__":
    run(Plugin())
