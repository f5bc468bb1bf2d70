"""What the suite says to a plugin, beyond a greeting: its author tells in tests/conformance.yaml.

Each case is a message: `text`, `metadata`, `data`. `$seconds` is replaced by a number.

message   an ordinary one (default: the first example of the first skill, else "hello")
slow      takes `$seconds` seconds
stream    is answered in several pieces
fail      breaks the turn
ask       is answered with a question; `answer` (a case) completes it
large     is answered with more than 16 MiB
remember  changes the plugin's state
learn     is remembered with its conversation, of a plugin with `conversation_memory`
recall    is answered by what the conversation remembers
tool      not a message: `name` and `arguments` of a tool that works
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agentx_sdk.conformance.check import Skipped
from agentx_sdk.testing.program import NoPlugin

FILE = "tests/conformance.yaml"
NAMES = ("message", "slow", "stream", "fail", "ask", "answer", "large", "remember")
NAMES += ("learn", "recall", "tool")


@dataclass(frozen=True)
class Case:
    """One message."""

    text: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)
    data: Any = None

    @property
    def content(self) -> list[Any]:
        """Text and data, as `PluginProcess.request` takes them."""
        return [*([self.text] if self.text else []), *([self.data] if self.data else [])]


class Cases:
    """The cases of one plugin."""

    def __init__(self, told: Mapping[str, Any], default: str) -> None:
        self._told = {"message": {"text": default}, **told}

    def has(self, name: str) -> bool:
        """Whether the author told of it."""
        return name in self._told

    def case(self, name: str, seconds: float = 0.0) -> Case:
        """Raises `Skipped` when the author told of none."""
        told = self.raw(name)
        filled = _filled(told, seconds)
        return Case(filled.get("text", ""), filled.get("metadata") or {}, filled.get("data"))

    def raw(self, name: str) -> dict[str, Any]:
        """As it was told. Raises `Skipped`."""
        if name not in self._told:
            raise Skipped(f"{FILE} tells of no `{name}`")
        return dict(self._told[name])


def read_cases(folder: Path, manifest: Mapping[str, Any]) -> Cases:
    """The cases in the plugin's folder. Raises `NoPlugin` when the file cannot be used."""
    path = folder / FILE
    told: Any = {}
    if path.exists():
        import yaml

        try:
            told = yaml.safe_load(path.read_bytes()) or {}
        except (yaml.YAMLError, ValueError) as error:
            raise NoPlugin(f"{path} is not YAML: {error}") from None
    if not isinstance(told, dict) or not all(isinstance(each, dict) for each in told.values()):
        raise NoPlugin(f"{path} must be a mapping of cases, each a mapping")
    if unknown := sorted(set(told) - set(NAMES)):
        raise NoPlugin(f"{path}: {', '.join(unknown)} is no case; there are {', '.join(NAMES)}")
    return Cases(told, _greeting(manifest))


def _greeting(manifest: Mapping[str, Any]) -> str:
    for agent in manifest.get("agents") or []:
        for skill in agent.get("skills") or []:
            for example in skill.get("examples") or []:
                return str(example)
    return "hello"


def _filled(value: Any, seconds: float) -> Any:
    if value == "$seconds":
        return seconds
    if isinstance(value, str):
        return value.replace("$seconds", f"{seconds:g}")
    if isinstance(value, dict):
        return {key: _filled(each, seconds) for key, each in value.items()}
    return value
