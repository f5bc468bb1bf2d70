"""Which model plugins use that name none: AgentX's default one (AGENTX_MODEL_URL and its like)."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings

from plugins_app.configuration import secrets
from plugins_app.models import HostedAgent, Plugin
from registry.models import Trust

Json = dict[str, Any]
MARK: Final = b"agentx default model"


@dataclass(frozen=True, slots=True)
class ModelTold:
    """A model, for eyes: nothing secret is in it. Empty fields: nobody said."""

    name: str
    base_url: str
    is_default: bool  # it is AgentX's own default
    is_demo: bool  # its answers are made up


def default_model() -> ModelTold | None:
    """That of AGENTX_MODEL_URL; None: there is none."""
    return _told({"base_url": settings.DEFAULT_MODEL_URL, "name": settings.DEFAULT_MODEL_NAME})


def model_told(plugin: Plugin, hosted: HostedAgent | None = None) -> ModelTold | None:
    """What an agent of the plugin thinks with, or the plugin's agents that name nothing else.

    None: the plugin needs no model, or nobody said which.
    """
    if not needs_model(plugin):
        return None
    config = completed(plugin, plugin.config)
    base = _object(config.get("model"))
    own = _own(config, hosted_config(plugin, hosted).get("model")) if hosted is not None else {}
    return _told({**base, **{key: value for key, value in own.items() if value not in (None, "")}})


def hosted_config(plugin: Plugin, hosted: HostedAgent) -> Json:
    """What an agent is told to be like, with references for its secrets: by people, else by plugin.yaml."""
    if hosted.config is not None:
        config: Json = hosted.config
        return config
    entries = plugin.release.manifest.get("agents", ()) if plugin.release else ()
    found: Json = next((each for each in entries if each["slug"] == hosted.agent.slug), {})
    return _object(found.get("config"))


def needs_model(plugin: Plugin) -> bool:
    return bool(plugin.release and plugin.release.manifest.get("needs_model"))


def completed(plugin: Plugin, config: Json) -> Json:
    """The configuration with what AgentX adds: the default model where none is named, the folders it may read.

    The key of the default model goes to its own endpoint and to no other, and to no plugin that nobody has looked at.
    """
    if not needs_model(plugin):
        return config
    key = settings.DEFAULT_MODEL_KEY if _may_have_key(plugin) else ""
    told = {**config, "model": _with_default(_object(config.get("model")), key)}
    folders = [*config.get("code_folders", ()), *plugin.code_folders]
    return told | {"code_folders": list(dict.fromkeys(folders))} if folders else told


def mark_of(plugin: Plugin) -> str:
    """Another one when the default model that its processes were given is another; tells nothing of its key."""
    if not needs_model(plugin):
        return ""
    lent = settings.DEFAULT_MODEL_KEY if _may_have_key(plugin) else ""
    told = (settings.DEFAULT_MODEL_URL, settings.DEFAULT_MODEL_NAME, lent)
    key = MARK + settings.SECRET_KEY.encode()
    return hmac.new(key, json.dumps(told).encode(), hashlib.sha256).hexdigest()


def _may_have_key(plugin: Plugin) -> bool:
    """Saying `needs_model` must not be all it takes to be handed AgentX's key."""
    return bool(plugin.trust != Trust.PUBLIC)


def _with_default(model: Json, key: str) -> Json:
    ours: Json = {"name": settings.DEFAULT_MODEL_NAME}
    if not model.get("base_url"):
        ours["base_url"] = settings.DEFAULT_MODEL_URL
        ours["api_key"] = secrets.hidden(key)
    return model | {key: value for key, value in ours.items() if value and not model.get(key)}


def _own(config: Json, told: Any) -> Json:
    """An agent names one of the plugin's models, or brings its own."""
    if isinstance(told, str):
        return _object(_object(config.get("models")).get(told))
    return _object(told)


def _told(model: Mapping[str, Any]) -> ModelTold | None:
    url, name = model.get("base_url") or "", model.get("name") or ""
    if not url and not name:
        return None
    ours = settings.DEFAULT_MODEL_URL.rstrip("/")
    is_default = bool(ours) and str(url).rstrip("/") == ours
    return ModelTold(str(name), _plain(str(url)), is_default, is_default and settings.DEMO_MODEL)


def _plain(url: str) -> str:
    """Without a user's name, a password or a query: those may be secrets."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        place = f"[{host}]" if ":" in host else host
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    return urlunsplit((parts.scheme, f"{place}{port}", parts.path, "", ""))


def _object(value: Any) -> Json:
    return value if isinstance(value, dict) and not secrets.is_reference(value) else {}
