"""/api/v1/model: AgentX's default model, and whether its endpoint answers."""

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.callers import Api

pytestmark = pytest.mark.django_db
KEY = "canary-0b7d"


class Endpoint(BaseHTTPRequestHandler):
    """Knows one key and one model."""

    def do_GET(self) -> None:
        known = self.headers.get("Authorization") == f"Bearer {KEY}"
        status = {"/v1/models": 200, "/ill/models": 503}.get(self.path, 404) if known else 401
        body = json.dumps({"data": [{"id": "usual"}]}).encode() if status == 200 else b"<p>"
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@pytest.fixture
def endpoint() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def checked(api: Api, settings: Any, url: str, key: str = KEY, name: str = "usual") -> Any:
    settings.DEFAULT_MODEL_URL, settings.DEFAULT_MODEL_KEY = url, key
    settings.DEFAULT_MODEL_NAME = name
    answer = api("operator").post("/api/v1/model/check")
    assert answer.status_code == 200 and KEY not in answer.content.decode()
    return answer.json()


def test_an_endpoint_that_answers_has_no_trouble(api: Api, settings: Any, endpoint: str) -> None:
    told = {"name": "usual", "base_url": f"{endpoint}/v1", "is_demo": False}
    assert checked(api, settings, f"{endpoint}/v1") == {**told, "trouble": ""}
    assert api("viewer").get("/api/v1/model").json() == told


@pytest.mark.parametrize(
    ("path", "key", "name", "trouble"),
    [
        ("/v1", "wrong", "usual", "refuses its key (401)"),
        ("/v1", "", "usual", "refuses its key (401)"),
        ("/v1", KEY, "another", "has no model of that name"),
        ("/ill", KEY, "usual", "answers 503"),
        ("/plain", KEY, "usual", ""),  # it lists no models, and may have them
    ],
)
def test_what_is_wrong_with_it_is_told(
    api: Api, settings: Any, endpoint: str, path: str, key: str, name: str, trouble: str
) -> None:
    assert checked(api, settings, f"{endpoint}{path}", key, name)["trouble"] == trouble


def test_one_that_is_not_there_is_told(api: Api, settings: Any) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        told = checked(api, settings, f"http://127.0.0.1:{free.getsockname()[1]}/v1")
    assert told["trouble"] == "cannot be reached: Connection refused"


def test_without_one_nothing_is_asked(api: Api, settings: Any) -> None:
    assert checked(api, settings, "", "", "") == {
        "name": "",
        "base_url": "",
        "is_demo": False,
        "trouble": "",
    }
