"""A real Postgres and a real Valkey for one test session, on a folder that goes away with it."""

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

from agentx_site.up.postgres import Postgres
from agentx_site.up.runtime import runtime_dir
from agentx_site.up.service import Service
from agentx_site.up.valkey import Valkey

NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Services:
    """Start before Django reads its settings; never touch what DATABASE_URL named before."""

    def __init__(self) -> None:
        memory = Path("/dev/shm")
        place = memory if os.access(memory, os.W_OK) else None
        self.home = Path(tempfile.mkdtemp(prefix="agentx-test-", dir=place))
        self.home.chmod(0o711)  # as root, Postgres runs as nobody and has to walk through
        self.runtime = runtime_dir(self.home)
        self.running: list[Service] = []

    def start(self) -> None:
        postgres = Postgres(self.home / "postgres", self.runtime, NOT_DURABLE)
        valkey = Valkey(self.home / "valkey", self.runtime)
        for service in (postgres, valkey):
            service.start()
            self.running.append(service)
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "agentx_site.settings",
            "DATABASE_URL": postgres.url,
            "REDIS_URL": valkey.url,
            "AGENTX_HOME": str(self.home),
            "AGENTX_RUNTIME_DIR": str(self.runtime),
            "AGENTX_SECRET_KEY": "a-key-for-tests-only-" + "x" * 40,
        }

    def stop(self) -> None:
        """Leave nothing, however far the start came."""
        with contextlib.ExitStack() as stack:
            for folder in (self.home, self.runtime):
                stack.callback(shutil.rmtree, folder, ignore_errors=True)
            for service in self.running:
                stack.callback(service.stop)
