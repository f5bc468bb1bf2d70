"""`python manage.py gateway`: the gRPC door."""

import asyncio
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from routing import gateway


class Command(BaseCommand):
    help = "Serve gRPC on AGENTX_GRPC_PORT until told to end."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            ports = (settings.AGENTX_GRPC_PORT, settings.JOIN_PORT)
            asyncio.run(gateway.serve(settings.AGENTX_HOST, *ports))
        except gateway.PortTaken as taken:
            raise CommandError(str(taken)) from None
