"""`manage.py courier`: tell webhooks what happens to tasks, and look at agents elsewhere. Any number may run, anywhere."""

import asyncio
import contextlib
import logging
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from django.core.management.base import BaseCommand

from registry.watching import Watch
from routing.push.courier import Courier

THREADS: Final = 40  # most of them may wait for a name server that does not answer


class Command(BaseCommand):
    help = "Deliver push notifications and look at agents elsewhere, until told to stop."
    requires_system_checks = ()  # they import every view, in a process that serves no page

    def handle(self, *args: Any, **options: Any) -> None:
        asyncio.run(_carry())


async def _carry() -> None:
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(THREADS))
    errands = asyncio.gather(Courier().run(), Watch().run())
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, errands.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await errands
    logging.shutdown()
    # Not a return: that would wait for threads that wait for name servers.
    os._exit(0)
