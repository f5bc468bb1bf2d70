"""What came out, for people and for programs."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from agentx_sdk.conformance.check import Result
from agentx_sdk.version import SDK

MARKS = {"passed": "ok", "failed": "FAILED", "skipped": "skipped"}
PAGE = "docs/reference/plugin-protocol.md"


@dataclass(frozen=True)
class Report:
    """The results over one plugin, in the order of the protocol page."""

    plugin: str
    results: Sequence[Result]

    @property
    def passed(self) -> bool:
        """Whether nothing failed."""
        return not self.count("failed")

    def count(self, outcome: str) -> int:
        """How many came out so."""
        return sum(result.outcome == outcome for result in self.results)

    def text(self) -> str:
        """A table, the reasons, and a line that sums up."""
        lines = [line(result) for result in self.results]
        return "\n".join([*lines, "", self.summary()])

    def summary(self) -> str:
        """One line."""
        parts = [f"{self.count(outcome)} {outcome}" for outcome in MARKS if self.count(outcome)]
        verdict = "conforms" if self.passed else "does not conform"
        return f"{self.plugin} {verdict} to the plugin contract 1: {', '.join(parts)} ({PAGE})"

    def as_json(self) -> str:
        """`{"plugin", "passed", "sdk", "counts", "checks": [{"id", "rule", "what", "outcome", "reason", "seconds"}]}`."""
        told = {
            "plugin": self.plugin,
            "passed": self.passed,
            "sdk": SDK,
            "counts": {outcome: self.count(outcome) for outcome in MARKS},
            "checks": [_as_dict(result) for result in self.results],
        }
        return json.dumps(told, indent=2)


def line(result: Result) -> str:
    """One check in a line, and its reason in another."""
    check = result.check
    first = f"{MARKS[result.outcome]:8}{check.rule:>5}  {check.id:24} {check.what}"
    return f"{first}\n{'':15}{result.reason}" if result.reason else first


def _as_dict(result: Result) -> dict[str, object]:
    return {
        "id": result.check.id,
        "rule": result.check.rule,
        "what": result.check.what,
        "outcome": result.outcome,
        "reason": result.reason,
        "seconds": round(result.seconds, 3),
    }
