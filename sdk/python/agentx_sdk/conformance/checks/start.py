"""Part 1: the launch line, the handshake, the socket."""

import asyncio
import json
import os
import select
import stat
import subprocess
import time
from pathlib import Path

from agentx_sdk.conformance.bench import Bench
from agentx_sdk.conformance.check import Failed, check, expect, same
from agentx_sdk.handshake import CORE, MAX_LINE
from agentx_sdk.testing import LaunchFailed, Process

LONGEST_PATH = 100
EXIT_NOT_LAUNCHED, EXIT_MISMATCH = 2, 3
CLOSES_WITHIN = 3.0  # seconds, once the line is there


@check("start.handshake", "1.5")
async def handshake(at: Bench) -> None:
    """the handshake line has its seven fields, and says whose it is"""
    fields = at.plugin.handshake
    core, contract, network, path, protocol, _, about = fields
    same((core, contract, protocol), (CORE, "1", "grpc"), "core, contract, protocol")
    same(network, "unix", "the network")
    folder = at.plugin.launch["socket_dir"]
    expect(path.startswith(f"{folder}/"), f"it listens at {path}, outside of socket_dir")
    told = json.loads(about)
    same(told.get("launch_id"), at.plugin.launch["launch_id"], "launch_id")
    same(told.get("pid"), at.plugin.pid, "pid")
    expect(told.get("sdk"), "the JSON at the end has no sdk")
    expect(sum(map(len, fields)) < MAX_LINE, "the line is longer than 64 KiB")


@check("start.socket", "1.4")
async def socket(at: Bench) -> None:
    """the socket is private, and its path short enough"""
    path = at.plugin.handshake[3]
    mode = await asyncio.to_thread(lambda: Path(path).stat().st_mode)
    expect(stat.S_ISSOCK(mode), f"{path} is not a socket")
    expect(stat.S_IMODE(mode) == 0o600, f"the socket has mode {stat.S_IMODE(mode):04o}, not 0600")
    expect(len(path.encode()) < LONGEST_PATH, f"{path} is not shorter than {LONGEST_PATH} bytes")


@check("start.names", "1.4", shared=False)
async def names(at: Bench) -> None:
    """two processes can share a socket folder"""
    async with at.process() as one, at.process(socket_dir=one.launch["socket_dir"]) as other:
        expect(one.handshake[3] != other.handshake[3], "both listen at the same socket")


@check("start.in_time", "1.5", shared=False)
async def in_time(at: Bench) -> None:
    """it shakes hands within runtime.startup_timeout"""
    allowed = seconds(at.manifest.get("runtime", {}).get("startup_timeout", "10s"))
    begun = time.monotonic()
    async with at.process():
        took = time.monotonic() - begun
    expect(took <= allowed, f"the handshake took {took:.1f} s, more than {allowed:g} s")


@check("start.by_hand", "1.2", shared=False)
async def by_hand(at: Bench) -> None:
    """without the cookie it explains itself, and exits 2"""
    done = await by_itself(at.process(environment={"AGENTX_PLUGIN_COOKIE": None}))
    same(done.returncode, EXIT_NOT_LAUNCHED, "the exit status")
    expect(
        "AgentX" in done.stderr, f"standard error does not say what it is: {done.stderr[:200]!r}"
    )
    expect("Traceback" not in done.stderr, "standard error holds a traceback")
    same(done.stdout, "", "standard output")


@check("start.launch_line", "1.3", shared=False)
async def launch_line(at: Bench) -> None:
    """a launch line that is none is a sentence and exit status 2"""
    for text in ("", "nonsense\n", "{}\n"):
        done = await by_itself(at.process(), text)
        same(done.returncode, EXIT_NOT_LAUNCHED, f"the exit status after the line {text!r}")
        expect(done.stderr.strip(), f"it said nothing about the line {text!r}")
        expect("Traceback" not in done.stderr, f"a traceback after the line {text!r}")


@check("start.unknown_fields", "1.3", shared=False)
async def unknown_fields(at: Bench) -> None:
    """fields of the launch line that it does not know are ignored"""
    async with at.process(of_a_later_version={"x": [1]}):
        pass


@check("start.contract", "1.6", shared=False)
async def contract(at: Bench) -> None:
    """no common contract: it says which side to upgrade, and exits 3"""
    for contracts, side in (([2, 3], "plugin"), ([0], "AgentX")):
        process = at.process(contracts=contracts)
        try:
            told, status = await asyncio.to_thread(answer_to, process)
        finally:
            await process.end()
        fields = told.rstrip("\n").split("|", 6)
        same(fields[:3], [CORE, "0", "error"], f"the answer to {contracts}, its first fields")
        begin = fields[3].partition(":")[0]
        expect(
            begin.startswith("upgrade ") and side in begin, f"it says {fields[3]!r} to {contracts}"
        )
        same(status, EXIT_MISMATCH, "the exit status")


@check("start.newest", "1.5", shared=False)
async def newest(at: Bench) -> None:
    """of several contracts it takes the newest that it knows"""
    async with at.process(contracts=[1, 99]) as process:
        same(process.handshake[1], "1", "the contract")


@check("start.one_line", "1.5", shared=False)
async def one_line(at: Bench) -> None:
    """the handshake is one line, and its descriptor is closed then"""
    process = at.process()
    try:
        told = await asyncio.to_thread(everything_told, process, at.patience)
    finally:
        await process.end()
    expect(told is not None, "the descriptor is still open, in it or in a child of it")
    same((told or "").count("\n"), 1, f"the number of lines in {told!r}")


@check("start.stdout", "1.5", shared=False)
async def stdout(at: Bench) -> None:
    """without descriptor 3 the handshake comes on standard output"""
    try:
        async with at.process(handshake_fd=1) as process:
            same(process.handshake[0], CORE, "the first line on standard output")
    except LaunchFailed as failed:
        raise Failed(str(failed)) from None


@check("start.secrets", "1.8")
async def secrets(at: Bench) -> None:
    """the token is not in its environment, arguments or log"""
    token, folder = at.plugin.token, Path(f"/proc/{at.plugin.pid}")
    for name in ("environ", "cmdline"):
        if (folder / name).exists():
            expect(token.encode() not in (folder / name).read_bytes(), f"the token is in {name}")
    expect(token not in at.plugin.log, "the token is in the log")


@check("start.manifest", "2.10")
async def manifest(at: Bench) -> None:
    """GetInfo agrees with plugin.yaml"""
    told, info = at.manifest["metadata"], await at.info()
    same(info.name, told["name"], "the name")
    same(info.version, told["version"], "the version")
    same(info.contract, 1, "the contract")
    same(info.framework, at.manifest.get("framework", "custom"), "the framework")
    same(sorted(info.capabilities), sorted(at.manifest.get("capabilities", ())), "capabilities")
    expect(info.sdk, "sdk is empty")


def seconds(text: str | float) -> float:
    """`500ms`, `10s`, `2m`, `1h` or a number."""
    units = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
    told = str(text).strip().lower()
    unit = next((each for each in units if told.endswith(each)), "")
    return float(told.removesuffix(unit)) * units.get(unit, 1.0)


async def by_itself(process: Process, line: str = "") -> "subprocess.CompletedProcess[str]":
    """The program without a handshake pipe, to its end."""
    try:
        return await asyncio.to_thread(run_by_hand, process, line)
    finally:
        await process.end()


def run_by_hand(process: Process, line: str) -> "subprocess.CompletedProcess[str]":
    """The same, waiting for it."""
    return subprocess.run(  # noqa: S603 - the plugin under test
        process.program.argv,
        env=process.environment(),
        input=line,
        capture_output=True,
        cwd=process.work_dir,
        text=True,
        timeout=30,
        check=False,
    )


def everything_told(process: Process, seconds: float) -> "str | None":
    """All that comes over the handshake's descriptor until it is closed; None: it is not."""
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb", buffering=0) as pipe:
        process.spawn(writer)
        os.close(writer)
        process.say()
        told, until = b"", time.monotonic() + seconds
        while select.select([pipe], [], [], max(0.0, until - time.monotonic()))[0]:
            more = pipe.read(MAX_LINE)
            if not more:
                return told.decode(errors="replace")
            told += more
            until = min(until, time.monotonic() + CLOSES_WITHIN)
    return None


def answer_to(process: Process) -> tuple[str, int]:
    """The whole handshake line, whatever it says, and the exit status."""
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as pipe:
        child = process.spawn(writer)
        os.close(writer)
        process.say()
        line = pipe.readline().decode(errors="replace")
        return line, child.wait(10)
