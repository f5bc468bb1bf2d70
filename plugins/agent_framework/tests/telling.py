"""What tests say to the demo model, and read out of answers."""

import json
from pathlib import Path
from typing import Any

from agentx_sdk import codec
from agentx_sdk._wire import agentx_plugin_pb2 as pb
from agentx_sdk.testing import InProcess
from agentx_sdk.testing.answer import Answer

FOLDER = Path(__file__).parents[1]


def member(name: str, reply: str = "", **more: Any) -> dict[str, Any]:
    """One who always says `reply`."""
    return {"name": name, "instructions": f"reply: {reply}" if reply else "", **more}


def said(answer: Answer) -> list[tuple[str, str]]:
    """Who said what on the way to the answer."""
    statuses = [event.status for event in answer if event.HasField("status")]
    parts = [part for status in statuses for part in codec.message_parts(status.message)]
    about = [(part.metadata.get("agentx", {}), part.text) for part in parts]
    return [(told["name"], text or "") for told, text in about if told.get("kind") == "member"]


async def refused(plugin: InProcess, config: dict[str, Any]) -> str:
    """Why one more agent of this configuration is refused."""
    request = pb.CreateAgentRequest(id="wrong", config_json=json.dumps(config))
    answer = await plugin.call("CreateAgent", request)
    assert not answer.success
    return str(answer.error)
