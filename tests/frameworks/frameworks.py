"""The seven, what each has not, and a process of one on the model stub."""

import json
from collections.abc import Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from agentx_sdk._wire import agentx_plugin_pb2 as pb
from agentx_sdk.testing import PluginProcess

from tests.frameworks import environments
from tests.model import Stub

OWN: Final = Path(__file__).with_name("own")
Json = dict[str, Any]
# What a framework may have not; each says why.
HAS_NOT: Final = {
    "crewai": {"answers without form": "it has the model put such an answer into form"},
    "autogen": {"responses": "its client speaks chat completions only"},
    "semantic_kernel": {"responses": "its agents speak chat completions only"},
}


@dataclass(frozen=True)
class Framework:
    """`name`: of its folder in plugins/."""

    name: str
    is_node: bool = False

    @property
    def slug(self) -> str:
        return self.name.replace("_", "-")

    @property
    def folder(self) -> Path:
        """Where it can be run from."""
        return environments.folder_of(self.name)

    @property
    def python(self) -> str:
        return "" if self.is_node else str(environments.python_of(self.name))

    @property
    def is_there(self) -> bool:
        return (environments.PLUGINS / self.name / "plugin.yaml").is_file()

    def own(self, name: str) -> str:
        """A function of our own, as a configuration names it."""
        return f"{OWN / ('tools.mjs' if self.is_node else 'tools.py')}:{name}"

    def lacks(self, what: str) -> bool:
        return what in HAS_NOT.get(self.name, {})

    def need(self, what: str) -> None:
        """Skip what it has not."""
        if why := HAS_NOT.get(self.name, {}).get(what):
            pytest.skip(why)

    def __str__(self) -> str:
        return self.name


FRAMEWORKS: Final = (
    Framework("langchain"),
    Framework("langgraph"),
    Framework("autogen"),
    Framework("crewai"),
    Framework("semantic_kernel"),
    Framework("agent_framework"),
    Framework("mastra", is_node=True),
)
every = pytest.mark.parametrize("framework", FRAMEWORKS, ids=str, scope="module", indirect=True)


def model(stub: Stub, **more: Any) -> Json:
    """A model of the stub. Not asked again when it fails, so that a test sees the first failure."""
    return {"name": "demo", "base_url": stub.url, "max_retries": 0, **more}


def process(
    framework: Framework, stub: Stub, agents: Mapping[str, Json] | None = None, **config: Any
) -> PluginProcess:
    """`async with process(…) as plugin`. The first agent is a plain one, unless `agents` say others."""
    return PluginProcess(
        framework.folder,
        python=framework.python,
        agents={"plain": {}} if agents is None else agents,
        config={"model": model(stub), "code_folders": [str(OWN)], **config},
        timeout=60.0,
    )


async def created(plugin: PluginProcess, slug: str, config: Json) -> Any:
    """One more agent: what CreateAgent answers."""
    return await plugin.call(
        "CreateAgent", pb.CreateAgentRequest(id=slug, config_json=json.dumps(config)), 30
    )


@asynccontextmanager
async def agent(plugin: PluginProcess, slug: str, config: Json) -> Any:
    """One more agent, for a while."""
    answer = await created(plugin, slug, config)
    assert answer.success, answer.error
    try:
        yield slug
    finally:
        await plugin.call("DeleteAgent", pb.DeleteAgentRequest(agent_id=slug))
