"""Which process is meant."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Target:
    """One launch of one plugin process. A relaunch has another `launch_id`, and another address.

    At a unix socket its folder and the token keep strangers out; everywhere else it is mutual TLS and the token.
    """

    instance_id: str
    address: str  # "unix:<path>" or "dns:///<host>:<port>"
    launch_id: str
    token: str = field(default="", repr=False)  # only of a process that we did not launch

    @property
    def is_local(self) -> bool:
        return self.address.startswith("unix:")
