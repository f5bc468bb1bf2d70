"""Part 7: the log."""

import json
from typing import Any

from agentx_sdk.conformance.bench import TRACE, Bench
from agentx_sdk.conformance.check import Skipped, check, expect, same

LONGEST = 16 * 1024


@check("log.lines", "7.3", shared=False)
async def lines(at: Bench) -> None:
    """what it writes to standard error are lines that fit"""
    async with at.started() as plugin:
        await at.send(at.cases.case("message"), plugin)
        await plugin.shutdown(1)
        text = plugin.log
    expect(not text or text.endswith("\n"), "the last line has no end")
    longest = max((len(line.encode()) for line in text.splitlines()), default=0)
    expect(longest <= LONGEST, f"a line has {longest} bytes, more than 16 KiB")


@check("log.json", "7.1")
async def as_json(at: Bench) -> None:
    """a line of JSON has a level and a message"""
    told = _objects(at)
    if not told:
        raise Skipped("it logs no JSON")
    for line in told:
        expect({"level", "message"} <= set(line), f"a line has only {', '.join(line)}")


@check("log.trace", "7.2")
async def trace(at: Bench) -> None:
    """what is logged in a turn has its task_id and trace_id"""
    await at.send(at.cases.case("fail"), task_id="conformance-log", traceparent=TRACE)
    told = [line for line in _objects(at) if line.get("task_id") == "conformance-log"]
    if not told:
        raise Skipped("it logs nothing of a turn that fails")
    same({line.get("trace_id") for line in told}, {TRACE.split("-")[1]}, "trace_id")


def _objects(at: Bench) -> list[dict[str, Any]]:
    found = []
    for line in at.plugin.log.splitlines():
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict):
            found.append(value)
    return found
