"""The model that both sides ask: it answers at once."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator

from agentx_site.model_stub.serve import listening, url_of


@contextlib.contextmanager
def stub() -> Iterator[str]:
    """Its base URL."""
    with listening("127.0.0.1", 0) as listener:
        argv = [sys.executable, "-m", "agentx_site.model_stub.serve", str(listener.fileno())]
        process = subprocess.Popen(argv, pass_fds=(listener.fileno(),))
        try:
            yield url_of(listener)
        finally:
            process.kill()
            process.wait()
