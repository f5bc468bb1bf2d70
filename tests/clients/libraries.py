"""The official client libraries, and how each is run."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from tests.clients.hooks import Hook
from tests.clients.installed import node_of, python_of
from tests.clients.served import Served

Json = dict[str, Any]
DRIVERS: Final = Path(__file__).resolve().parent / "drivers"
SECONDS: Final = 90


def _python(version: str, driver: str) -> Callable[[], list[str]]:
    return lambda: [*python_of(version), str(DRIVERS / driver)]


def _node(version: str, driver: str) -> Callable[[], list[str]]:
    return lambda: node_of(version, DRIVERS / driver)


COMMANDS: Final = {
    "python-1.3.0": _python("1.3.0", "v10.py"),
    "python-0.3.26": _python("0.3.26", "v03.py"),
    "python-0.2.16": _python("0.2.16", "v02.py"),
    "node-1.3.0": _node("1.3.0", "v10.mjs"),
    "node-0.3.14": _node("0.3.14", "v03.mjs"),
}
EVERY_BINDING: Final = ("JSONRPC", "HTTP+JSON", "GRPC")
CLIENTS: Final = [
    *((name, binding) for name in COMMANDS if name != "python-0.2.16" for binding in EVERY_BINDING),
    ("python-0.2.16", "JSONRPC"),
]
IDS: Final = [f"{name}-{binding}" for name, binding in CLIENTS]


class Library:
    """Runs clients. A whole run of one client is kept: its scenarios are looked at one by one."""

    def __init__(self, served: Served, hook: Hook) -> None:
        self._served = served
        self._hook = hook
        self._told: dict[tuple[str, str], Json] = {}

    def __call__(self, client: str, binding: str, scenario: str) -> Any:
        """What that scenario saw; fails with the client's own words."""
        key = client, binding
        if key not in self._told:
            self._told[key] = self.run(client, binding)
        told = self._told[key]
        assert scenario in told, told
        assert "saw" in told[scenario], told[scenario]
        return told[scenario]["saw"]

    def run(self, client: str, binding: str, **orders: Any) -> Json:
        """One run of a driver: all its scenarios, or those that `orders` names."""
        served = self._served
        given = {
            "key": served.credentials["api_key"],
            "bad_key": "agentx_nobody_has_this_key",
            "grpc": served.grpc,
            "webhook": self._hook.url,
            "jwks": f"{served.url}/.well-known/jwks.json",
            **orders,
        }
        command = [*COMMANDS[client](), served.base, binding, json.dumps(given)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
        if done.returncode:
            return {"card": {"failed": done.stderr[-3000:]}}
        return dict(json.loads(done.stdout.splitlines()[-1]))
