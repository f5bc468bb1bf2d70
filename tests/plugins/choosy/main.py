"""Makes agents as it is told, refuses some, and says what it was told."""

import os
from pathlib import Path

from agentx_sdk import Adapter, ConfigError, run


class Choosy(Adapter):
    def __init__(self):
        self.made = {}
        self.config = {}

    def initialize(self, config):
        self.config = config

    def validate_config(self, config, agent):
        if agent is not None and config.get("greeting") == "rude":
            told = f"is rude, and {config.get('api_key')} does not help"
            raise ConfigError("no", {"greeting": told})

    def create_agent(self, agent):
        config = agent.config
        if config.get("fails") or self.config.get("refuses") == agent.id:
            raise ConfigError(f"it does not import: No module named {config.get('api_key')!r}")
        if config.get("file") and not Path(config["file"]).exists():
            raise ConfigError(f"there is no file {config['file']}")
        if config.get("late"):
            raise RuntimeError("the tool is bad")
        self.made[agent.id] = self.made.get(agent.id, 0) + 1

    def delete_agent(self, agent):
        del self.made[agent.id]

    def process(self, turn):
        config, model = turn.agent.config, self.config.get("model", {})
        match turn.text:
            case "key":
                return str(config.get("api_key"))
            case "model":
                told = (model.get(name, "-") for name in ("name", "base_url", "api_key"))
                return " ".join(told)
            case "folders":
                folders = self.config.get("code_folders", [])
                return " ".join(
                    f"{each} {sorted(found.name for found in Path(each).iterdir())}"
                    for each in folders
                )
            case "pid":
                return str(os.getpid())
            case text if text.startswith("read "):
                try:
                    return Path(text.removeprefix("read ")).read_text()
                except OSError as error:
                    return type(error).__name__
        return f"{config['greeting']} from {turn.agent.name}, made {self.made[turn.agent.id]} x"


run(Choosy())
