"""What can go wrong between the terminal and AgentX. Exit status 1; click's own usage errors are 2."""

import sys
from typing import IO, Any

import click


class Failed(click.ClickException):
    """One sentence on stderr."""

    exit_code = 1

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(f"agentx: {self.message}", file=file or sys.stderr)


class ServerAway(Failed):
    """Nothing answers."""

    def __init__(self, url: str, why: str) -> None:
        super().__init__(f"nothing answers at {url} ({why}): start it with `agentx up`.")


class Stranger(Failed):
    """Something answers, but not as AgentX does."""

    def __init__(self, url: str, told: str) -> None:
        super().__init__(f"{url} does not answer as AgentX does ({told}): look at --url.")


class Refused(Failed):
    """AgentX said no, and why."""

    def __init__(self, status: int, code: str, message: str, request_id: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.request_id = request_id
