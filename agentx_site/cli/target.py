"""Which AgentX is meant: `--url` and `--key`, the environment, else the credentials in AGENTX_HOME."""

import json
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import click

from agentx_site.cli.errors import Failed
from agentx_site.cli.server import Server

PROJECT: Final = Path(__file__).resolve().parents[2]
LOOPBACK: Final = {"localhost", "127.0.0.1", "::1"}


@dataclass
class Target:
    url: str | None = None
    key: str | None = None

    @property
    def home(self) -> Path:
        return Path(os.environ.get("AGENTX_HOME") or PROJECT / ".agentx").expanduser().absolute()

    @cached_property
    def credentials(self) -> dict[str, Any]:
        """What `agentx up` left, or nothing. Raises `Failed` when it may not be read."""
        path = self.home / "credentials.json"
        try:
            content = json.loads(path.read_text())
        except FileNotFoundError:
            return {}
        except PermissionError:
            raise Failed(f"you may not read {path}: give --url and --key.") from None
        except ValueError:
            raise Failed(f"{path} is damaged: give --url and --key.") from None
        return content if isinstance(content, dict) else {}

    @property
    def chosen_url(self) -> str:
        given = self.url or os.environ.get("AGENTX_URL")
        return given or self.credentials.get("url") or "http://127.0.0.1:8000"

    @property
    def chosen_key(self) -> str | None:
        """The stored key goes to the stored address only: elsewhere it would be given away."""
        given = self.key or os.environ.get("AGENTX_API_KEY")
        if given:
            return given
        stored = self.credentials
        if _same_place(self.chosen_url, str(stored.get("url", ""))):
            return stored.get("api_key")
        return None

    @property
    def server(self) -> Server:
        return Server(self.chosen_url, self.chosen_key)


def _same_place(one: str, other: str) -> bool:
    a, b = urlsplit(one), urlsplit(other)
    if (a.scheme, a.port) != (b.scheme, b.port):
        return False
    return a.hostname == b.hostname or {a.hostname, b.hostname} <= LOOPBACK


def target(context: click.Context) -> Target:
    """The one target of this invocation; options at any level write into it."""
    root = context.find_root()
    if not isinstance(root.obj, Target):
        root.obj = Target()
    return root.obj


def server(context: click.Context) -> Server:
    return target(context).server
