"""What stops `agentx up`, said in one sentence."""

import errno


class UpError(Exception):
    """The sentence for the person at the terminal, and the exit status (1 failed, 2 usage)."""

    def __init__(self, message: str, status: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


def unusable(what: str, error: OSError) -> UpError:
    """Tell what the operating system refused, with the way out for the two common cases."""
    way_out = {
        errno.ENOSPC: "free some space or choose another folder with --home",
        errno.EDQUOT: "free some space or choose another folder with --home",
        errno.EACCES: "choose a folder you own with --home",
        errno.EPERM: "choose a folder you own with --home",
        errno.EROFS: "choose a folder that can be written with --home",
    }.get(error.errno or 0, "choose another folder with --home")
    return UpError(f"{what} cannot be used ({error.strerror or error}): {way_out}.")
