"""A wire to a service that a test can cut or hold, while everybody else keeps theirs."""

import contextlib
import selectors
import socket
import threading
from collections.abc import Iterator
from pathlib import Path


class Wire:
    """Listens on a unix socket and passes everything on to another one, or to a TCP port."""

    def __init__(self, path: Path, to: Path | tuple[str, int]) -> None:
        self.path = path
        self._to = to
        self._pairs: dict[socket.socket, socket.socket] = {}
        self._held = False
        self._closing = False
        self._server = self._listen()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @contextlib.contextmanager
    def cut(self) -> Iterator[None]:
        """Connections break, new ones are refused."""
        self._server.close()
        self.path.unlink()
        for end in list(self._pairs):
            self._drop(end)
        yield
        self._server = self._listen()

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Nothing passes, nothing breaks: the worst kind of away."""
        self._held = True
        yield
        self._held = False

    def close(self) -> None:
        self._closing = True
        self._thread.join(5)
        self._server.close()
        for end in list(self._pairs):
            self._drop(end)

    def _listen(self) -> socket.socket:
        server = socket.socket(socket.AF_UNIX)
        server.bind(str(self.path))
        server.listen(64)
        server.setblocking(False)
        return server

    def _run(self) -> None:
        while not self._closing:
            with selectors.DefaultSelector() as selector, contextlib.suppress(OSError, ValueError):
                selector.register(self._server, selectors.EVENT_READ)
                for end in list(self._pairs):
                    selector.register(end, selectors.EVENT_READ)
                for key, _ in selector.select(0.05):
                    self._serve(key.fileobj)  # type: ignore[arg-type]

    def _serve(self, ready: socket.socket) -> None:
        if self._held:
            threading.Event().wait(0.05)
        elif ready is self._server:
            near, far = self._server.accept()[0], self._far()
            self._pairs |= {near: far, far: near}
        elif data := ready.recv(65536):
            self._pairs[ready].sendall(data)
        else:
            self._drop(ready)

    def _far(self) -> socket.socket:
        if isinstance(self._to, tuple):
            return socket.create_connection(self._to)
        far = socket.socket(socket.AF_UNIX)
        far.connect(str(self._to))
        return far

    def _drop(self, end: socket.socket) -> None:
        other = self._pairs.pop(end, None)
        end.close()
        if other is not None:
            self._pairs.pop(other, None)
            other.close()
