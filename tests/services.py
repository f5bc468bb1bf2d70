"""A real Postgres and a real Valkey for one test session, on a folder that goes away with it."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

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
        (self.home / "static").mkdir()  # WhiteNoise warns when it is missing
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
            "AGENTX_DATABASE_POOL": "0",  # the test database could not be dropped under a pool
            "AGENTX_SECRET_KEY": "a-key-for-tests-only-" + "x" * 40,
        }

    def stop(self) -> None:
        """Leave nothing, however far the start came."""
        with contextlib.ExitStack() as stack:
            for folder in (self.home, self.runtime):
                stack.callback(shutil.rmtree, folder, ignore_errors=True)
            for service in self.running:
                stack.callback(service.stop)


def main(command: list[str]) -> int:
    """Run a Python script beside the services: `python -m tests.services manage.py check`."""
    services = Services()
    try:
        services.start()
        return subprocess.run([sys.executable, *command], check=False).returncode
    finally:
        services.stop()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, None, None]:
    """Loaded with `-p`, and a wrapper: pytest-django reads DATABASE_URL in this same hook."""
    services = Services()
    early_config.add_cleanup(services.stop)
    services.start()
    return (yield)
