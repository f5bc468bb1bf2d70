"""Part 2: the agents it hosts, and what they can do."""

from agentx_sdk._wire import agentx_plugin_pb2 as pb
from agentx_sdk.conformance.bench import Bench, json_object, refused
from agentx_sdk.conformance.check import check, expect, same

NEW = "conformance-one-more"


@check("agents.listed", "2.4")
async def listed(at: Bench) -> None:
    """it hosts the agents of plugin.yaml, and tells their cards"""
    agents = (await at.plugin.call("ListAgents")).agents
    same(sorted(each.id for each in agents), sorted(at.plugin.agents), "the agents")
    for agent in agents:
        expect(agent.name, f"the agent {agent.id} has no name")
        json_object(agent.card_json, f"the card of {agent.id}")
        same(agent.status, pb.AGENT_STATUS_READY, f"the status of {agent.id}")


@check("agents.lifecycle", "2.4")
async def lifecycle(at: Bench) -> None:
    """an agent can be made, asked about, made again and deleted"""
    config = next(iter(at.plugin.agents.values()), {})
    request = at.created(NEW, config)
    for _ in range(2):
        created = await at.plugin.call("CreateAgent", request)
        expect(created.success, f"CreateAgent failed: {created.error}")
        same((created.agent.id, created.agent.name), (NEW, "One more"), "id and name")
    found = await at.plugin.call("GetAgentInfo", pb.GetAgentInfoRequest(agent_id=NEW))
    same(found.agent.name, "One more", "its name in GetAgentInfo")
    answer = await at.send(at.cases.case("message"), agent=NEW)
    expect(answer.success, f"it does not answer: {answer.error}")
    deleted = await at.plugin.call("DeleteAgent", pb.DeleteAgentRequest(agent_id=NEW))
    expect(deleted.success, f"DeleteAgent failed: {deleted.error}")
    gone = at.plugin.call("GetAgentInfo", pb.GetAgentInfoRequest(agent_id=NEW))
    await refused(gone, "NOT_FOUND", "a deleted agent")


@check("agents.without_id", "2.5")
async def without_id(at: Bench) -> None:
    """an agent without an id is refused"""
    created = await at.plugin.call("CreateAgent")
    expect(not created.success and created.error, "CreateAgent took an agent without an id")


@check("agents.capabilities", "2.4")
async def capabilities(at: Bench) -> None:
    """GetCapabilities tells media types, of the plugin and of an agent"""
    for agent in ("", next(iter(at.plugin.agents), "")):
        request = pb.GetCapabilitiesRequest(agent_id=agent)
        told = await at.plugin.call("GetCapabilities", request)
        for mode in (*told.input_modes, *told.output_modes):
            expect("/" in mode, f"{mode!r} is not a media type")


@check("agents.models", "2.4")
async def models(at: Bench) -> None:
    """GetSupportedModels tells models that have ids"""
    told = (await at.plugin.call("GetSupportedModels")).models
    expect(all(model.id for model in told), "a model has no id")
    for model in told:
        json_object(model.metadata, f"the metadata of the model {model.id}")
