"""Ask a running process whether a configuration would do."""

import json
from dataclasses import dataclass, field
from typing import Any, Final

import grpc
import grpc.aio
from django.utils.translation import gettext as _

from plugins_app.client.channels import Channels, metadata_of
from plugins_app.client.errors import Undelivered
from plugins_app.client.target import Target
from proto import agentx_plugin_pb2 as pb
from proto.agentx_plugin_pb2_grpc import AgentXPluginServiceStub

SECONDS: Final = 2.0  # somebody waits in front of a form


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the plugin itself says. `asked` is False where it could not be, or would not; `told` says so in a sentence."""

    asked: bool
    told: str
    problems: dict[str, str] = field(default_factory=dict)  # by dotted field


async def validate(target: Target, config: dict[str, Any], agent: str = "") -> Verdict:
    """ValidateConfig, which changes nothing; on a channel of its own, closed at the end.

    `agent`: of this agent, which need not be there yet; empty: of the plugin.
    """
    channels = Channels()
    try:
        return await _asked(channels, target, config, agent)
    except Undelivered as error:
        return Verdict(False, _("The plugin could not be asked: %(why)s.") % {"why": error})
    except grpc.aio.AioRpcError as error:
        return Verdict(False, _why(error.code()))
    finally:
        await channels.close()


async def _asked(channels: Channels, target: Target, config: dict[str, Any], agent: str) -> Verdict:
    stub = AgentXPluginServiceStub(await channels.channel(target))
    request = pb.ValidateConfigRequest(agent_id=agent, config_json=json.dumps(config))
    answer = await stub.ValidateConfig(request, timeout=SECONDS, metadata=metadata_of(target))
    if answer.success:
        return Verdict(True, _("A process of the plugin agrees."))
    problems = {each.field: each.message for each in answer.field_errors}
    told = _("A process of the plugin refuses it.")
    return Verdict(True, told, problems or {"": answer.error or told})


def _why(code: grpc.StatusCode) -> str:
    match code:
        case grpc.StatusCode.UNIMPLEMENTED:
            return _("The plugin checks no configuration before it takes it.")
        case grpc.StatusCode.NOT_FOUND:  # by an older SDK, of an agent that is not there yet
            return _("The plugin checks no agent before it has it.")
        case grpc.StatusCode.DEADLINE_EXCEEDED:
            return _("The plugin did not answer within %(seconds)d s.") % {"seconds": SECONDS}
    return _("The plugin could not be asked: %(why)s.") % {"why": code.name}
