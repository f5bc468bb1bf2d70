"""A webhook that keeps what it was told. Real HTTP, in a thread of the tests."""

import json
import threading
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Json = dict[str, Any]


class Hook:
    """`url` is where it listens; `heard[name]` are the notifications to `url/name`, in order, with their headers.

    Names that begin with `held` get no answer before they are `let_go`.
    """

    def __init__(self) -> None:
        self.heard: dict[str, list[tuple[Json, dict[str, str]]]] = defaultdict(list)
        self._free: dict[str, threading.Event] = defaultdict(threading.Event)
        heard, free = self.heard, self._free

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                name = self.path.strip("/")
                heard[name].append((json.loads(body), headers))
                if name.startswith("held"):
                    free[name].wait(60)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def let_go(self, name: str) -> None:
        """Answer what was held back, and from now on at once."""
        self._free[name].set()

    def close(self) -> None:
        for event in self._free.values():
            event.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
