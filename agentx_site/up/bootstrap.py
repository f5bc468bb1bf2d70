"""The step between an empty database and a console that answers: `manage.py bootstrap`."""

import asyncio
import json
from dataclasses import dataclass

from agentx_site.up.child import Program
from agentx_site.up.errors import UpError
from agentx_site.up.logs import Terminal


@dataclass(frozen=True)
class Outcome:
    """What only the first run is told; None when it was set by the environment or long ago."""

    first_run: bool
    password: str | None
    api_key: str | None


async def run(program: Program, terminal: Terminal) -> Outcome:
    """Raises UpError with the command's own sentence and exit status."""
    pipes = {"stdout": asyncio.subprocess.PIPE, "stderr": asyncio.subprocess.PIPE}
    options = program.popen_options() | pipes
    process = await asyncio.create_subprocess_exec(*program.argv(), **options)
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        said, complained = await asyncio.gather(
            process.stdout.read(), _told(process.stderr, program.name, terminal)
        )
        status = await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if status:
        raise UpError(
            complained or f"Bootstrap ended with status {status}.", 2 if status == 2 else 1
        )
    return _outcome(said.decode())


async def _told(stream: asyncio.StreamReader, name: str, terminal: Terminal) -> str:
    """Pass on what it says; the last line is the sentence if it fails."""
    last = ""
    async for line in stream:
        if text := line.decode(errors="replace").rstrip():
            terminal.line(name, text)
            last = text
    return last


def _outcome(said: str) -> Outcome:
    lines = said.strip().splitlines()
    try:
        told = json.loads(lines[-1])
        return Outcome(bool(told["first_run"]), told.get("password"), told.get("api_key"))
    except (IndexError, KeyError, TypeError, ValueError):
        raise UpError("Bootstrap did not say what it did.") from None
