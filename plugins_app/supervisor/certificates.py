"""The certificates of this node's processes on TCP: one per launch, renewed while it runs."""

import logging
from datetime import UTC, datetime, timedelta
from typing import Final

from django.conf import settings

from plugins_app.client import certificates
from plugins_app.client.channels import Channels
from plugins_app.client.errors import Undelivered
from plugins_app.client.target import Target
from plugins_app.errors import CallFailed, LaunchFailed
from plugins_app.handshake import Tls
from plugins_app.manifest import Manifest
from plugins_app.process import PluginProcess
from plugins_app.services.certificates import mark_certificate
from plugins_app.supervisor.ledger import Ledger

log = logging.getLogger(__name__)
RETRY: Final = timedelta(seconds=30)
# Two rounds: nobody can hand a new one to who shows one that has ended.
LEAST_LEFT: Final = timedelta(seconds=6)


class Certificates:
    """The authority is read once: a process can be launched while Postgres is away."""

    def __init__(self, channels: Channels, ledger: Ledger) -> None:
        self._channels = channels
        self._ledger = ledger
        self._not_before: dict[str, datetime] = {}

    async def for_launch(self, manifest: Manifest, launch_id: str) -> "Tls | None":
        """None: it listens at a unix socket. Raises `LaunchFailed`."""
        port = manifest.runtime.grpc_port
        if port == 0:
            return None
        try:
            vouching = await self._channels.identity.authority()
        except Undelivered as error:
            raise LaunchFailed(f"It has no certificate: {error}") from None
        made = vouching.issue(launch_id, server=True)
        return Tls(made.cert_pem, made.key_pem, vouching.root_pem, port, made.expires)

    async def keep(self, target: Target, process: PluginProcess) -> str:
        """Renew its certificate when two thirds of its life are over. Says what an operator should know."""
        if target.is_local or not self._is_due(process):
            return ""
        try:
            made = await certificates.renew(self._channels, target)
        except CallFailed as error:
            self._not_before[process.launch_id] = datetime.now(UTC) + RETRY
            log.warning("process %d %s", process.pid, error)
            return f"Its certificate could not be renewed, restart it: it {error}."
        process.certificate_expires = made.expires
        self._ledger.put(mark_certificate, target.instance_id, target.launch_id, made.expires)
        return ""

    def forget(self, launch_id: str) -> None:
        self._not_before.pop(launch_id, None)

    def _is_due(self, process: PluginProcess) -> bool:
        """One that was taken back from an earlier supervisor says nothing of its end: it gets a new one."""
        now = datetime.now(UTC)
        if now < self._not_before.get(process.launch_id, now):
            return False
        left = max(timedelta(seconds=settings.CERTIFICATE_SECONDS) / 3, LEAST_LEFT)
        return process.certificate_expires is None or process.certificate_expires - left <= now
