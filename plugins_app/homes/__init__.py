"""Where processes that AgentX did not start call home: they join, attend, and are sent away. No gRPC: the gateway's part."""

from plugins_app.homes.guest import Guest
from plugins_app.homes.home import Home
from plugins_app.homes.orders import Leave, Order, Say

__all__ = ["Guest", "Home", "Leave", "Order", "Say"]
