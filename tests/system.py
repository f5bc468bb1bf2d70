"""An installation as its callers see it: HTTP, A2A, and the figures of its plugins."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import psutil

from tests.flow.installation import Installation


def until(question: Callable[[], Any], within: float = 15.0, every: float = 0.05) -> Any:
    """The first truthy answer; a question that raises has not been answered yet."""
    deadline, last = time.monotonic() + within, None
    while time.monotonic() < deadline:
        try:
            if answer := question():
                return answer
        except (OSError, KeyError, IndexError, psutil.Error, AssertionError) as error:
            last = error
        time.sleep(every)
    raise AssertionError(f"not within {within} s (last: {last!r})")


class System(Installation):
    """`with System() as system:` is up, used, ended and removed."""

    def __enter__(self) -> "System":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
        self.remove()

    @property
    def url(self) -> str:
        return str(self.credentials["url"])

    @property
    def credentials(self) -> dict[str, str]:
        return dict(json.loads((self.home / "credentials.json").read_text()))

    def get(self, path: str, key: str | None = None) -> tuple[int, Any]:
        return self.http("GET", path, key=key)

    def http(
        self,
        method: str,
        path: str,
        body: Any = None,
        key: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> tuple[int, Any]:
        """Status and decoded body; a refusal is an answer. The first API key, unless `key` says another or ""."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        key = self.credentials["api_key"] if key is None else key
        every = {"Content-Type": "application/json", "A2A-Version": "1.0"} | (headers or {})
        if key:
            every["Authorization"] = f"Bearer {key}"
        request = urllib.request.Request(self.url + path, data, every, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, _decoded(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, _decoded(error.read())

    def rpc(self, agent: str, method: str, params: Any, **more: Any) -> dict[str, Any]:
        """One JSON-RPC call; the whole answer."""
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        status, answer = self.http("POST", f"/a2a/{agent}/", body, **more)
        assert status == 200, (status, answer)
        return dict(answer)

    def send(self, agent: str, text: str, message_id: str, **configuration: Any) -> dict[str, Any]:
        """SendMessage; the task as it is answered."""
        message = {"messageId": message_id, "role": "ROLE_USER", "parts": [{"text": text}]}
        params = {"message": message, "configuration": configuration}
        answer = self.rpc(agent, "SendMessage", params)
        assert "result" in answer, answer
        return dict(answer["result"]["task"])

    def plugin(self, name: str) -> dict[str, Any]:
        status, found = self.get(f"/api/v1/plugins/{name}")
        assert status == 200, (status, found)
        return dict(found)

    def pids(self, plugin: str, state: str = "running") -> list[int]:
        return [p["pid"] for p in self.plugin(plugin)["processes"] if p["state"] == state]


def _decoded(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors="replace")


def texts(task: dict[str, Any]) -> str:
    """All text of a task's artifacts."""
    parts = [part for artifact in task.get("artifacts", []) for part in artifact["parts"]]
    return "".join(part.get("text", "") for part in parts)
