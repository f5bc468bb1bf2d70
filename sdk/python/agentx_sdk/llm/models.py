"""Which model an agent uses: its own settings over those of the plugin. Pure."""

from dataclasses import fields, replace

from agentx_sdk.adapter import Model
from agentx_sdk.content import Usage
from agentx_sdk.errors import ConfigError
from agentx_sdk.llm.config import ModelConfig, PluginConfig

OPENAI = "https://api.openai.com/v1"
DEFAULTS = ModelConfig(
    api="chat", timeout_seconds=60.0, max_retries=2, vision=False, currency="USD"
)
NO_MODEL = (
    "there is no model: set AGENTX_MODEL_URL and AGENTX_MODEL_NAME for all of AgentX, "
    "or model.base_url and model.name of the plugin"
)


def resolved(told: str | ModelConfig, plugin: PluginConfig, path: str = "model") -> ModelConfig:
    """The whole model that `told` names or describes: nothing is left out but a temperature or a price.

    Raises `ConfigError` for a name that is not known, and where an address, a name or a key is missing.
    """
    own = _named(told, plugin, path) if isinstance(told, str) else told
    # A key goes to nobody but the endpoint that it was given for.
    base = plugin.model
    if own.base_url and own.base_url != base.base_url:
        base = replace(base, api_key="")
    whole = over(over(DEFAULTS, base), own)
    if not whole.base_url or not whole.name:
        raise ConfigError(NO_MODEL, {path: NO_MODEL})
    if not whole.api_key and whole.base_url.rstrip("/") == OPENAI:
        raise ConfigError("the model needs an api_key", {f"{path}.api_key": "is missing"})
    return whole


def _named(name: str, plugin: PluginConfig, path: str) -> ModelConfig:
    if not name:
        return ModelConfig()
    if name not in plugin.models:
        known = ", ".join(sorted(plugin.models)) or "none"
        told = f"is not one of the plugin's models ({known})"
        raise ConfigError(f"the model {name!r} {told}", {path: told})
    return plugin.models[name]


def over(base: ModelConfig, own: ModelConfig) -> ModelConfig:
    """`own`, and what it leaves out as in `base`."""
    told = {each.name: getattr(own, each.name) for each in fields(own)}
    return replace(base, **{name: value for name, value in told.items() if value not in (None, "")})


def listed(plugin: PluginConfig) -> list[Model]:
    """Those that GetSupportedModels tells: the default one and every named one that can be used."""
    found = []
    for name in ["", *sorted(plugin.models)]:
        try:
            model = resolved(name, plugin)
        except ConfigError:
            continue
        about = {"base_url": model.base_url, "api": model.api, "vision": bool(model.vision)}
        found.append(
            Model(name or model.name, name=model.name, provider=model.base_url, metadata=about)
        )
    return found


def priced(model: ModelConfig, input_tokens: int, output_tokens: int) -> Usage:
    """What so many tokens cost; no cost where a price is missing."""
    cost = None
    if model.input_price is not None and model.output_price is not None:
        cost = (input_tokens * model.input_price + output_tokens * model.output_price) / 1e6
    return Usage(model.name, input_tokens, output_tokens, cost, model.currency or "USD")
