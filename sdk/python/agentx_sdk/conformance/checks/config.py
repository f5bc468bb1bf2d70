"""Part 2: configuration, and its secrets."""

import grpc
import grpc.aio

from agentx_sdk._wire import agentx_plugin_pb2 as pb
from agentx_sdk.conformance.bench import Bench, json_object, words
from agentx_sdk.conformance.breaking import broken_config
from agentx_sdk.conformance.check import Skipped, check, expect, same

CANARY = "a-secret-of-the-conformance-suite"
NEW = "conformance-secret"


@check("config.schema", "2.4")
async def schema(at: Bench) -> None:
    """config_schema_json is the JSON Schema of an object"""
    told = await at.config_schema()
    same(told.get("type"), "object", "its type")


@check("config.round_trip", "2.4")
async def round_trip(at: Bench) -> None:
    """UpdateConfig takes the configuration it has, and GetConfig tells it"""
    request = pb.UpdateConfigRequest(config_json=words(at.plugin.config))
    answer = await at.plugin.call("UpdateConfig", request)
    expect(answer.success, f"it refused what Initialize took: {answer.error}")
    if (await at.info()).live_config:
        same(answer.restart_needed, False, "restart_needed, where GetInfo says live_config,")
    told = await _config(at)
    missing = [key for key in at.plugin.config if key not in told]
    expect(not missing, f"GetConfig does not tell {', '.join(missing)}")


@check("config.refused", "2.9")
async def refused_by_field(at: Bench) -> None:
    """what breaks its own schema is refused by field, and changes nothing"""
    broken, field = broken_config(await at.config_schema(), at.plugin.config)
    before = await _config(at)
    request = pb.UpdateConfigRequest(config_json=words(broken))
    answer = await at.plugin.call("UpdateConfig", request)
    same(answer.success, False, f"success with a wrong {field}")
    expect(answer.error, "it gives no reason")
    fields = [each.field for each in answer.field_errors]
    expect(field in fields, f"field_errors names {fields}, not {field}")
    same(await _config(at), before, "GetConfig after a refusal")


@check("config.initialize", "2.9", shared=False)
async def initialize(at: Bench) -> None:
    """Initialize refuses what breaks its own schema"""
    async with at.started() as plugin:
        text = (await at.info(plugin)).config_schema_json
        if not text:
            raise Skipped("GetInfo tells no config_schema_json")
        broken, field = broken_config(json_object(text, "config_schema_json"), plugin.config)
        request = pb.InitializeRequest(config_json=words(broken), contract=1)
        answer = await plugin.call("Initialize", request)
        same(answer.success, False, f"success with a wrong {field}")
        same([each.field for each in answer.field_errors], [field], "the fields it names")


@check("config.validate", "2.4")
async def validate(at: Bench) -> None:
    """ValidateConfig says yes to the configuration it has, and changes nothing"""
    before = await _config(at)
    request = pb.ValidateConfigRequest(config_json=words(at.plugin.config))
    answer = await _validated(at, request)
    expect(answer.success, f"it says no: {answer.error}")
    same(await _config(at), before, "GetConfig afterwards")


@check("config.validate_refuses", "2.9")
async def validate_refuses(at: Bench) -> None:
    """ValidateConfig refuses what breaks its own schema, by field"""
    broken, field = broken_config(await at.config_schema(), at.plugin.config)
    answer = await _validated(at, pb.ValidateConfigRequest(config_json=words(broken)))
    same(answer.success, False, f"success with a wrong {field}")
    expect(field in [each.field for each in answer.field_errors], f"field_errors lacks {field}")


@check("config.bad_json", "2.3")
async def bad_json(at: Bench) -> None:
    """ValidateConfig refuses what is no JSON object"""
    answer = await _validated(at, pb.ValidateConfigRequest(config_json="[1]"))
    same(answer.success, False, "success with the configuration [1]")


@check("config.secrets", "2.4")
async def secrets(at: Bench) -> None:
    """a secret in a configuration is never told again"""
    config = {**next(iter(at.plugin.agents.values()), {}), "api_key": CANARY}
    created = await at.plugin.call("CreateAgent", at.created(NEW, config))
    if not created.success:
        raise Skipped("its agents take no api_key")
    try:
        told = await at.plugin.call("GetConfig", pb.GetConfigRequest(agent_id=NEW))
        found = await at.plugin.call("GetAgentInfo", pb.GetAgentInfoRequest(agent_id=NEW))
    finally:
        await at.plugin.call("DeleteAgent", pb.DeleteAgentRequest(agent_id=NEW))
    expect(CANARY not in str(told), "GetConfig tells api_key")
    expect(CANARY not in str(found), "GetAgentInfo tells api_key")
    expect(CANARY not in at.plugin.log, "api_key is in the log")


async def _config(at: Bench) -> dict[str, object]:
    told = await at.plugin.call("GetConfig")
    return json_object(told.config_json, "config_json")


async def _validated(at: Bench, request: pb.ValidateConfigRequest) -> pb.ValidateConfigResponse:
    try:
        answer = await at.plugin.call("ValidateConfig", request)
    except grpc.aio.AioRpcError as error:
        if error.code() is grpc.StatusCode.UNIMPLEMENTED:
            raise Skipped("it has no ValidateConfig") from None
        raise
    assert isinstance(answer, pb.ValidateConfigResponse)
    return answer
