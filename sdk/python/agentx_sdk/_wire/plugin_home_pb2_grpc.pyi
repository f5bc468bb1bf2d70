from collections.abc import AsyncIterator
from typing import Any

import grpc
import grpc.aio

from agentx_sdk._wire import plugin_home_pb2 as pb


class PluginHomeStub:
    def __init__(self, channel: grpc.aio.Channel) -> None: ...
    GetAuthority: grpc.aio.UnaryUnaryMultiCallable[pb.GetAuthorityRequest, pb.GetAuthorityResponse]
    Join: grpc.aio.UnaryUnaryMultiCallable[pb.JoinRequest, pb.JoinResponse]
    Attend: grpc.aio.StreamStreamMultiCallable[pb.Attendance, pb.Order]

class PluginHomeServicer:
    async def GetAuthority(self, request: pb.GetAuthorityRequest, context: grpc.aio.ServicerContext[Any, Any]) -> pb.GetAuthorityResponse: ...
    async def Join(self, request: pb.JoinRequest, context: grpc.aio.ServicerContext[Any, Any]) -> pb.JoinResponse: ...
    def Attend(self, request: AsyncIterator[pb.Attendance], context: grpc.aio.ServicerContext[Any, Any]) -> AsyncIterator[pb.Order]: ...

def add_PluginHomeServicer_to_server(servicer: PluginHomeServicer, server: grpc.aio.Server) -> None: ...
class PluginCertificatesStub:
    def __init__(self, channel: grpc.aio.Channel) -> None: ...
    Renew: grpc.aio.UnaryUnaryMultiCallable[pb.RenewRequest, pb.RenewResponse]

class PluginCertificatesServicer:
    async def Renew(self, request: pb.RenewRequest, context: grpc.aio.ServicerContext[Any, Any]) -> pb.RenewResponse: ...

def add_PluginCertificatesServicer_to_server(servicer: PluginCertificatesServicer, server: grpc.aio.Server) -> None: ...
