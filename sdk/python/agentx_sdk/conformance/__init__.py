"""Does a plugin keep the contract? Starts the real process and finds out, in any language.

report = await run(Path("plugins/echo"))
assert report.passed, report.text()

The rules are those of docs/reference/plugin-protocol.md, by their numbers.
"""

from agentx_sdk.conformance.check import Check, Result, all_checks
from agentx_sdk.conformance.report import Report
from agentx_sdk.conformance.suite import run

__all__ = ["Check", "Report", "Result", "all_checks", "run"]
