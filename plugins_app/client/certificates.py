"""A new certificate for a process on TCP, handed over before the one it shows has ended."""

import asyncio
from typing import Final

import grpc

from plugins_app.client.channels import Channels, metadata_of
from plugins_app.client.errors import Undelivered, is_cut_off
from plugins_app.client.target import Target
from plugins_app.errors import CallFailed
from proto import plugin_home_pb2 as pb
from proto.plugin_home_pb2_grpc import PluginCertificatesStub
from security.authority import Certificate

ANSWER_SECONDS: Final = 2.5  # as long as for its health: other processes wait for theirs


async def renew(channels: Channels, target: Target) -> Certificate:
    """Issue the next one for this launch and have it shown from now on. Raises `CallFailed`."""
    try:
        vouching = await channels.identity.authority()
        stub = PluginCertificatesStub(await channels.channel(target))
    except Undelivered as error:
        raise CallFailed(f"cannot be called: {error}") from None
    certificate = vouching.issue(target.launch_id, server=True)
    request = pb.RenewRequest(
        certificate_pem=certificate.cert_pem,
        key_pem=certificate.key_pem,
        root_pem=vouching.root_pem,
    )
    try:
        answer = await stub.Renew(request, timeout=ANSWER_SECONDS, metadata=metadata_of(target))
    except grpc.aio.AioRpcError as error:
        raise CallFailed(f"takes no new certificate: {error.code().name}") from None
    except asyncio.CancelledError:
        if is_cut_off():
            raise CallFailed("takes no new certificate: the call was cut off") from None
        raise
    if not answer.success:
        raise CallFailed(f"takes no new certificate: {answer.error}")
    return certificate
