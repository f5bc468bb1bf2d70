"""Runs uv and npm: in a group of their own, without our environment, bounded in time and in what is kept of their output."""

import asyncio
import json
import os
import re
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from django.conf import settings

from plugins_app import launcher
from plugins_app.errors import PreparationFailed

KEPT_LINES: Final = 50
LONGEST: Final = 500  # characters of a line
CHUNK_BYTES: Final = 64 * 1024
# Where packages come from and how to get there; nothing that is AgentX's own.
PASSED: Final = frozenset({"PATH", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR"}) | {
    "NODE_EXTRA_CA_CERTS",
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
    *("http_proxy", "https_proxy", "all_proxy", "no_proxy"),
}
PASSED_PREFIXES: Final = ("UV_", "NPM_CONFIG_", "npm_config_")
# The first two name a folder that is renamed at the end; npm's are warnings of what it then does all the same.
OF_NO_USE: Final = ("Using Python ", "Using CPython ", "npm warn ")
_ENDS: Final = re.compile(rb"[\r\n]+")
_COLOURS: Final = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
# What an installer says, as a sentence for people. The first that fits.
SENTENCES: Final = (
    (r"No space left on device|ENOSPC", "The disk is full."),
    (
        r"[Hh]ash mismatch|EINTEGRITY",
        "A file from the index does not have the hash that was locked.",
    ),
    (
        r"building from source is disabled|no usable wheels",
        "A requirement comes as source only, which is built for trusted plugins alone.",
    ),
    (
        r"was not found in the package registry|E404|404 Not Found|there is no version of|ETARGET",
        "A requirement is not in the index.",
    ),
    (r"No solution found|ERESOLVE|EUSAGE", "The requirements do not fit together."),
    (
        r"error sending request|dns error|Failed to fetch|Could not connect|ENOTFOUND|ECONNREFUSED"
        r"|EAI_AGAIN|ETIMEDOUT|ECONNRESET|offline|ENOTCACHED",
        "The package index cannot be reached.",
    ),
    (r"EBADENGINE|requires-python|Requires-Python", "A requirement is for another version."),
)


class Installer:
    """Of one preparation: keeps the last lines that its programs said, and tells `heard` of each."""

    def __init__(self, home: Path, heard: Callable[[str], None]) -> None:
        self.home = home
        self.lines: deque[str] = deque(maxlen=KEPT_LINES)
        self._heard = heard

    def say(self, line: str) -> None:
        """A line of our own among those of the installers."""
        self.lines.append(line)
        self._heard(line)

    async def run(self, *argv: str, cwd: Path, **environment: str) -> None:
        """Raises `PreparationFailed` with a sentence and the last lines. Its group ends with it, and with us."""
        process = await _started(argv, cwd, self._environment(environment))
        try:
            async with asyncio.timeout(settings.PREPARATION_SECONDS):
                await self._listen(process)
                status = await process.wait()
        except TimeoutError:
            told = f"It was not done within {settings.PREPARATION_SECONDS} seconds."
            raise self.failure(told) from None
        finally:
            await _ended(process)
        if status:
            raise self.failure(f"{Path(argv[0]).name} ended with exit status {status}.")

    def failure(self, otherwise: str) -> PreparationFailed:
        """What went wrong, in a sentence: as far as the output lets us say."""
        said = "\n".join(self.lines)
        sentence = next((text for sign, text in SENTENCES if re.search(sign, said)), otherwise)
        because = next((line for line in self.lines if _is_cause(line)), "")
        told = f"{sentence} {because.removeprefix('cause: ')}".strip() if because else sentence
        return PreparationFailed(told, list(self.lines))

    def _environment(self, own: dict[str, str]) -> dict[str, str]:
        passed = {
            name: value
            for name, value in os.environ.items()
            if name in PASSED or name.startswith(PASSED_PREFIXES)
        }
        # The account's own settings of its indexes hold, although its home does not.
        settings_of_account = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
        tmp = self.home / "tmp"
        tmp.mkdir(exist_ok=True)
        ours = {"HOME": str(self.home), "TMPDIR": str(tmp), "NO_COLOR": "1"}
        return passed | {"XDG_CONFIG_HOME": settings_of_account} | ours | own

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        rest = b""
        while chunk := await process.stdout.read(CHUNK_BYTES):
            *whole, rest = _ENDS.split(rest + chunk)
            rest = rest[-LONGEST:]
            for line in _texts(whole):
                self.say(line)
        for line in _texts([rest]):
            self.say(line)


def _texts(lines: list[bytes]) -> Iterator[str]:
    for line in lines:
        text = _COLOURS.sub("", line.decode(errors="replace")).strip()[:LONGEST]
        if text and not text.startswith(OF_NO_USE):
            yield text


def _is_cause(line: str) -> bool:
    return line.startswith("cause: ")


async def _started(
    argv: tuple[str, ...], cwd: Path, environment: dict[str, str]
) -> asyncio.subprocess.Process:
    orders = {"argv": list(argv), "death_signal": int(signal.SIGKILL), "parent": os.getpid()}
    try:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            "-S",
            launcher.PROGRAM,
            json.dumps(orders),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd=cwd,
            env=environment,
            start_new_session=True,
        )
    except OSError as error:
        raise PreparationFailed(f"No installer could be started: {error.strerror}.") from None


async def _ended(process: asyncio.subprocess.Process) -> None:
    """Nothing of its group is left."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    await asyncio.shield(process.wait())
