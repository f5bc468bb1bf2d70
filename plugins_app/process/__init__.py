"""Plugin processes as the operating system sees them. No rows, no gRPC."""

from plugins_app.process.identity import Identity
from plugins_app.process.launch import launch
from plugins_app.process.recipe import Recipe, recipe
from plugins_app.process.running import PluginProcess, adopt

__all__ = ["Identity", "PluginProcess", "Recipe", "adopt", "launch", "recipe"]
