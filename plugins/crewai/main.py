"""CrewAI as a plugin: agents, crews and flows from configuration, and your own code."""

import os
from pathlib import Path

# Before CrewAI is imported, which looks at it: all that it writes belongs to this plugin.
os.environ.setdefault("CREWAI_STORAGE_DIR", str(Path.home() / "crewai"))

from adapter import Plugin
from agentx_sdk import run

if __name__ == "__main__":
    run(Plugin())
