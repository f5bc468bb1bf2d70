"""Mutual TLS of a process on TCP: it shows the certificate of its launch, and hears only those who show AgentX's."""

import logging
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import grpc

from agentx_sdk._wire import plugin_home_pb2 as pb
from agentx_sdk.turns import Context

logger = logging.getLogger("agentx_sdk.tls")

ANY_PORT = -1
PORTS_TRIED = 64  # a process that takes over from another on one machine cannot have its port yet
SERVICE = "agentx.plugin.PluginCertificates"
Handlers: TypeAlias = "dict[str, grpc.RpcMethodHandler[Any, Any]]"


@dataclass(frozen=True)
class Tls:
    """What the launch line says about TCP. All PEM; the key never touches a disk."""

    certificate: bytes
    key: bytes
    root: bytes
    host: str
    port: int  # the first one to try; -1: any free one

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> "Tls":
        """Raises KeyError, TypeError or ValueError."""
        return cls(
            certificate=str(told["certificate"]).encode(),
            key=str(told["key"]).encode(),
            root=str(told["root"]).encode(),
            host=str(told.get("host", "127.0.0.1")),
            port=int(told["port"]),
        )

    def __repr__(self) -> str:
        return f"Tls({self.host}:{self.port})"


class Credentials:
    """The certificate in force. Each new connection is shown the newest; those that stand go on."""

    def __init__(self, tls: Tls) -> None:
        self._now = tls

    @property
    def certificate(self) -> bytes:
        return self._now.certificate

    def renew(self, certificate: bytes, key: bytes, root: bytes) -> None:
        """Show another one from now on. Without a key it belongs to the one we have. Raises ValueError."""
        now = self._now
        ssl.PEM_cert_to_DER_cert(certificate.decode())
        new = Tls(certificate, key or now.key, root or now.root, now.host, now.port)
        _configuration(new)
        self._now = new

    def for_server(self) -> grpc.ServerCredentials:
        """Whoever shows no certificate of the same authority is not heard."""
        return grpc.dynamic_ssl_server_credentials(
            _configuration(self._now), lambda: _configuration(self._now), True
        )

    def handlers(self) -> Handlers:
        """PluginCertificates: the core hands over a new one."""

        async def renew(request: pb.RenewRequest, context: Context) -> pb.RenewResponse:
            try:
                self.renew(request.certificate_pem, request.key_pem, request.root_pem)
            except (ValueError, TypeError) as error:
                return pb.RenewResponse(success=False, error=str(error))
            logger.info("showing a new certificate")
            return pb.RenewResponse(success=True)

        method = grpc.unary_unary_rpc_method_handler(
            renew,
            request_deserializer=pb.RenewRequest.FromString,
            response_serializer=pb.RenewResponse.SerializeToString,
        )
        return {f"/{SERVICE}/Renew": method}


def listen(
    add_port: Callable[[str, grpc.ServerCredentials], int], tls: Tls, ours: Credentials
) -> str:
    """The address it listens at: the first free port from the one named on. Raises RuntimeError."""
    host = f"[{tls.host}]" if ":" in tls.host else tls.host
    first = max(0, tls.port)
    for port in [first] if first == 0 else range(first, min(first + PORTS_TRIED, 65536)):
        try:
            return f"{host}:{add_port(f'{host}:{port}', ours.for_server())}"
        except RuntimeError:
            logger.info("port %d is taken", port)
    raise RuntimeError(f"no free port at {host} from {first} on")


def encoded(certificate: bytes) -> str:
    """A certificate as it stands in the handshake line: its DER in base64."""
    return "".join(certificate.decode().split("-----")[2].split())


def _configuration(tls: Tls) -> Any:
    return grpc.ssl_server_certificate_configuration([(tls.key, tls.certificate)], tls.root)
