"""Other registries: a static folder, that folder on a web server, or another AgentX."""

from plugins_app.fetching.folder import publish_to
from plugins_app.fetching.registries import Registry, Source, registries, registry_named

__all__ = ["Registry", "Source", "publish_to", "registries", "registry_named"]
