"""The gRPC door: A2A 1.0 and 0.3, health and reflection, over a switchboard of its own, as each web process has one."""

from routing.gateway.server import Gateway, PortTaken, serve

__all__ = ["Gateway", "PortTaken", "serve"]
