"""Runs the checks over one plugin."""

import asyncio
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import grpc
import grpc.aio

from agentx_sdk.conformance.bench import Bench
from agentx_sdk.conformance.check import Check, Failed, Result, Skipped, all_checks
from agentx_sdk.conformance.report import Report
from agentx_sdk.testing import LaunchFailed, PluginProcess

SIDE_BY_SIDE = 2  # checks with a process of their own that run at once
CHECK_SECONDS = 60.0
TOLD = 400  # characters of a reason


async def run(
    folder: Path,
    *,
    only: Sequence[str] = (),
    python: str = "",
    patience: float = 30.0,
    config: Mapping[str, Any] | None = None,
    tell: Callable[[Result], None] = lambda result: None,
) -> Report:
    """Every check, or those whose id begins with a word of `only`. Raises `NoPlugin`, `ValueError`.

    `patience`: seconds that a start and an answer may take. `config`: over that of its plugin.yaml.
    """
    bench = Bench(folder, python=python, patience=patience, config=config)
    checks = [each for each in all_checks() if not only or each.id.startswith(tuple(only))]
    if not checks:
        raise ValueError(f"no check is named {', '.join(only)}")
    results = await _shared(bench, [each for each in checks if each.shared], tell)
    results += await _alone(bench, [each for each in checks if not each.shared], tell)
    order = {each.id: place for place, each in enumerate(checks)}
    results.sort(key=lambda result: order[result.check.id])
    return Report(str(bench.manifest.get("metadata", {}).get("name", folder.name)), results)


async def _shared(
    bench: Bench, checks: Sequence[Check], tell: Callable[[Result], None]
) -> list[Result]:
    """One process for all; another one when a check ended it."""
    results: list[Result] = []
    process: PluginProcess | None = None
    try:
        for check in checks:
            if process is None or process.returncode is not None:
                try:
                    process = await _begun(bench)
                except (LaunchFailed, AssertionError, grpc.aio.AioRpcError) as error:
                    why = f"the plugin does not come up: {_told(error)}"
                    return results + [
                        Result(each, "failed", why) for each in checks[len(results) :]
                    ]
            result = await _tried(check, bench)
            if process.returncode is not None and result.outcome != "failed":
                why = f"the process ended ({process.returncode}): {process.log[-TOLD:]}"
                result = Result(check, "failed", why, result.seconds)
            results.append(result)
            tell(result)
    finally:
        if process is not None:
            await process.__aexit__(None, None, None)
    return results


async def _begun(bench: Bench) -> PluginProcess:
    bench.plugin = await bench.started().__aenter__()
    return bench.plugin


async def _alone(
    bench: Bench, checks: Sequence[Check], tell: Callable[[Result], None]
) -> list[Result]:
    """A few at once: they mostly wait for processes to start and to end."""
    seats = asyncio.Semaphore(SIDE_BY_SIDE)

    async def one(check: Check) -> Result:
        async with seats:
            result = await _tried(check, bench)
            tell(result)
            return result

    return list(await asyncio.gather(*map(one, checks)))


async def _tried(check: Check, bench: Bench) -> Result:
    begun = time.monotonic()
    outcome, reason = "failed", ""
    try:
        await asyncio.wait_for(check.run(bench), CHECK_SECONDS)
        outcome = "passed"
    except Skipped as skipped:
        outcome, reason = "skipped", str(skipped)
    except Failed as failed:
        reason = str(failed)
    except Exception as error:
        reason = _told(error)
    return Result(check, outcome, reason[:TOLD], time.monotonic() - begun)


def _told(error: Exception) -> str:
    if isinstance(error, grpc.aio.AioRpcError):
        return f"a call ended with {error.code().name}: {error.details()}"
    if isinstance(error, (asyncio.TimeoutError, TimeoutError)):
        return f"it took more than {CHECK_SECONDS:.0f} s"
    if isinstance(error, subprocess.TimeoutExpired):
        return f"the process had not ended after {error.timeout:g} s"
    return f"{type(error).__name__}: {error}"
