"""Why a process did not get in, or went, as its exit status tells whoever started it."""

from typing import Any

EXIT_REFUSED = 77  # sysexits.h: no permission
EXIT_AWAY = 69  # sysexits.h: a service is unavailable
EXIT_AGAIN = 75  # sysexits.h: whoever started it should start it again


class JoinFailed(Exception):
    """It did not get in. The text says why; `status` is what to exit with."""

    def __init__(self, reason: str, status: int = EXIT_REFUSED) -> None:
        super().__init__(reason)
        self.status = status


def extra(name: str) -> Any:
    """A module that only who calls home needs. Raises JoinFailed."""
    try:
        return __import__(name, fromlist=["_"])
    except ImportError:
        raise JoinFailed("To call home, install agentx-sdk[join].") from None
