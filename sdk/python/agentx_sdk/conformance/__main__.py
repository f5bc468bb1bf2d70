"""`python -m agentx_sdk.conformance [FOLDER]`: exit status 0 conforms, 1 does not, 2 no plugin."""

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

from agentx_sdk.conformance.check import Result, all_checks
from agentx_sdk.conformance.report import line
from agentx_sdk.conformance.suite import run
from agentx_sdk.testing.program import NoPlugin


def main(arguments: list[str] | None = None) -> int:
    """Run the suite from the command line."""
    # gRPC's core writes of refused connections, which are made here on purpose.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    told = _parser().parse_args(arguments)
    if told.list:
        for check in all_checks():
            sys.stdout.write(f"{check.rule:>5}  {check.id:24} {check.what}\n")
        return 0
    try:
        report = asyncio.run(
            run(
                told.folder,
                only=told.only,
                python=told.python,
                patience=told.patience,
                config=json.loads(told.config),
                tell=_tell(told),
            )
        )
    except (NoPlugin, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(f"{report.as_json() if told.json else chr(10) + report.summary()}\n")
    return 0 if report.passed else 1


def _tell(told: argparse.Namespace) -> Callable[[Result], None]:
    def write(result: Result) -> None:
        if not told.json and (told.verbose or result.outcome != "passed"):
            sys.stdout.write(line(result) + "\n")
            sys.stdout.flush()

    return write


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m agentx_sdk.conformance", description="Does a plugin keep the contract?"
    )
    parser.add_argument("folder", nargs="?", type=Path, default=Path(), help="the plugin's folder")
    parser.add_argument("--json", action="store_true", help="a report for programs")
    parser.add_argument("--list", action="store_true", help="what is checked")
    parser.add_argument("--only", action="append", default=[], help="an id or how ids begin")
    parser.add_argument("--python", default="", help="the interpreter of a Python plugin")
    parser.add_argument("--patience", type=float, default=30.0, help="seconds for start and answer")
    parser.add_argument("--config", default="{}", help="JSON, over that of its plugin.yaml")
    parser.add_argument("-v", "--verbose", action="store_true", help="passed checks too")
    return parser


if __name__ == "__main__":
    sys.exit(main())
