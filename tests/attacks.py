"""A real plugin process that attacks, launched as a supervisor does it."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

from plugins_app import isolation
from plugins_app import manifest as manifests
from plugins_app import process as processes
from plugins_app.client.channels import Channels, token_of
from plugins_app.client.codec import Turn
from plugins_app.client.lifecycle import AgentSpec, Lifecycle
from plugins_app.client.messages import PluginMessages
from plugins_app.client.target import Target
from plugins_app.manifest import Network

FOLDER = Path(__file__).resolve().parent / "attacker"
AGENT = "attacker"


class Outcome(NamedTuple):
    went: bool
    told: str
    pid: int


class Attacker:
    """`async with Attacker("trusted") as attacker: await attacker.does("read", path="/etc/shadow")`.

    Without trust nothing is put around it: what shows that a test would see the deed done.
    """

    def __init__(
        self, trust: str, network: str = "all", hosts: tuple[str, ...] = (), **limits: Any
    ) -> None:
        self.manifest = manifests.parse(manifests.read(FOLDER))
        self.manifest = replace(self.manifest, network=Network(network, hosts))
        machine = isolation.machine()
        self.confined: isolation.Confinement | None = None
        if trust is not None:
            confined = isolation.confinement(self.manifest, trust, machine)
            self.confined = replace(confined, **limits)

    async def __aenter__(self) -> "Attacker":
        launch_id = str(uuid4())
        self.channels = Channels()
        what = processes.recipe(self.manifest, FOLDER, 0)
        token = token_of(launch_id)
        self.process = await processes.launch(
            what, launch_id=launch_id, token=token, lease_seconds=600, confined=self.confined
        )
        self.target = Target(str(uuid4()), self.process.address, launch_id)
        lifecycle = Lifecycle(self.channels)
        await lifecycle.initialize(self.target, AGENT, {}, 1)
        await lifecycle.create_agent(self.target, AgentSpec(AGENT, AGENT, "", {}))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.channels.close()
        self.process.signal_group(9)
        async with asyncio.timeout(10):
            await self.process.exited.wait()

    async def does(self, deed: str, **how: Any) -> Outcome:
        (answer,) = await self.says(deed, how)
        return Outcome(**json.loads(answer))

    async def says(self, deed: str, how: dict[str, Any]) -> list[str]:
        return await said(self.channels, self.target, deed, how)


async def said(channels: Channels, target: Target, deed: str, how: dict[str, Any]) -> list[str]:
    """The texts of what it answers."""
    message = {
        "messageId": str(uuid4()),
        "role": "ROLE_USER",
        "parts": [{"text": deed}],
        "metadata": how,
    }
    turn = Turn(AGENT, message, str(uuid4()), str(uuid4()))
    told = await PluginMessages(channels).process(target, turn)
    payloads = json.dumps([each.payload for each in told])
    return _texts(json.loads(payloads))


def _texts(payload: Any) -> list[str]:
    if isinstance(payload, dict):
        own = [payload["text"]] if isinstance(payload.get("text"), str) else []
        return own + [text for each in payload.values() for text in _texts(each)]
    if isinstance(payload, list):
        return [text for each in payload for text in _texts(each)]
    return []
