"""Takes a configuration as it runs, refuses some of them, and says what it has."""

from agentx_sdk import Adapter, ConfigError, run


class Settings(Adapter):
    config: dict = {}

    def validate_config(self, config, agent):
        if config.get("greeting") == "rude":
            told = f"is rude, and {config.get('api_key')} does not help"
            raise ConfigError("no", {"greeting": told})

    def initialize(self, config):
        self.config = config

    def update_config(self, config, agent):
        if config.get("greeting") == "late":
            raise ConfigError("no", {"greeting": f"{config.get('api_key')} is late"})
        self.config = config
        return config.get("greeting") == "anew"

    def process(self, turn):
        return f"{self.config['greeting']}, {self.config.get('api_key', 'nobody')}"


run(Settings())
