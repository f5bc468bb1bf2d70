"""The way out of a plugin that has a network of its own: only to whom it may talk. No rows."""

from plugins_app.egress.allowed import Allowed
from plugins_app.egress.relay import Relay

__all__ = ["Allowed", "Relay"]
