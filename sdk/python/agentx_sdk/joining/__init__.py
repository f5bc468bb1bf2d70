"""Call home: a plugin process on any machine joins an AgentX, serves it, and stays until it is sent away.

`python main.py --join HOST:PORT --token TOKEN [--listen HOST:PORT]`, or the same as AGENTX_JOIN, AGENTX_JOIN_TOKEN (or
AGENTX_JOIN_TOKEN_FILE) and AGENTX_JOIN_LISTEN. Needs `agentx-sdk[join]`. The token holds the sha256 of the authority's
certificate: to an AgentX that cannot show that one, the secret is never said. Our key never leaves this process.
"""

import sys

from agentx_sdk import logs
from agentx_sdk.adapter import Adapter
from agentx_sdk.joining.asked import Asked, asked
from agentx_sdk.joining.failures import JoinFailed
from agentx_sdk.joining.guest import Guest
from agentx_sdk.joining.home import facts, joined
from agentx_sdk.joining.keys import new_key

__all__ = ["Asked", "asked", "serve"]


async def serve(adapter: Adapter, wanted: Asked) -> int:
    """Join, serve, leave. The exit status."""
    try:
        told = facts()
        logs.configure(adapter.name or told.plugin)
        key = new_key()
        answer = await joined(wanted, told, adapter.framework, key)
    except JoinFailed as error:
        sys.stderr.write(f"{error}\n")
        return error.status
    return await Guest(adapter, wanted, answer, key, told.plugin).run()
