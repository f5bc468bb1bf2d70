"""`python -m benchmarks.soak --minutes N [--callers N] [--only NAME …] [--seed N] [--calm]`. Exit status 1: something was lost."""

import argparse
import asyncio
import contextlib
import random
import shutil
import sys
import tempfile
import time
from collections import defaultdict
from typing import Any, Final

import psycopg
from aiohttp import web
from rich.console import Console
from rich.table import Table

from benchmarks.soak.chaos import Chaos
from benchmarks.soak.checks import REASONS, UNFINISHED, broken, figures, unordered
from benchmarks.soak.load import Load
from benchmarks.soak.place import Place, place

SETTLES: Final = (
    45.0  # the end of a lease, taking over, a slow turn, and a webhook's second attempt
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--callers", type=int, default=12)
    parser.add_argument("--only", nargs="*", default=(), help="kill only these, by name")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--calm", action="store_true", help="kill nothing: what grows?")
    wish = parser.parse_args()
    random.seed(wish.seed)
    console = Console()
    console.print(f"seed {wish.seed}")
    with place(web_workers=2) as here:
        wrong = asyncio.run(soak(here, wish, console))
        if wrong:
            kept = shutil.copy(here.home / "output.txt", tempfile.mkdtemp(prefix="soak-output-"))
            console.print(f"what it said is in {kept}")
    for line in wrong:
        console.print(f"WRONG {line}", markup=False)
    console.print("something is wrong" if wrong else "everything that was acknowledged was kept")
    return 1 if wrong else 0


async def soak(here: Place, wish: argparse.Namespace, console: Console) -> list[str]:
    began = time.monotonic()

    def tell(what: str) -> None:
        console.print(f"{time.monotonic() - began:6.1f} s {what}")

    async with receiver() as (url, heard):
        load = Load(here, url)
        calls = asyncio.create_task(load.run(wish.callers))
        await asyncio.sleep(10)
        before = await asyncio.to_thread(figures, here)
        chaos = Chaos(here, tell, frozenset(wish.only))
        seconds = wish.minutes * 60
        await (asyncio.sleep(seconds) if wish.calm else chaos.run(seconds))
        load.ends.set()
        await calls
        tell(f"{len(load.tasks)} tasks acknowledged, {chaos.blows} blows; waiting for what is left")
        settled = await _settled(here, load, heard)
        after = await asyncio.to_thread(figures, here)
        show(console, load, before, after, here.rows(REASONS))
        hooks = unordered(heard, load.hooked, here)
        return (
            load.wrong
            + broken(here, load.tasks)
            + hooks
            + ([] if settled else ["tasks are at work still"])
        )


async def _settled(here: Place, load: Load, heard: dict[str, list[int]]) -> bool:
    """Whether all tasks ended within SETTLES, and every webhook was told."""
    until = time.monotonic() + SETTLES
    while time.monotonic() < until:
        with contextlib.suppress(psycopg.Error):
            if not here.rows(UNFINISHED)[0][0] and not unordered(heard, load.hooked, here):
                return True
        await asyncio.sleep(0.5)
    return not here.rows(UNFINISHED)[0][0]


@contextlib.asynccontextmanager
async def receiver() -> Any:
    """A webhook of every name; what it hears, by name: the event's numbers."""
    heard: defaultdict[str, list[int]] = defaultdict(list)

    async def hear(request: web.Request) -> web.Response:
        await request.read()
        heard[request.match_info["name"]].append(
            int(request.headers["agentx-event"].rpartition("/")[2])
        )
        return web.Response(status=204)

    site = web.Application()
    site.router.add_post("/{name}", hear)
    runner = web.AppRunner(site, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", heard
    finally:
        await runner.cleanup()


def show(console: Console, load: Load, before: Any, after: Any, reasons: list[Any]) -> None:
    table = Table("process", "MiB before", "MiB after", "fds", "fds after", "threads", "the same")
    for name in sorted({*before, *after} - {"connections"}):
        was, now = before.get(name), after.get(name)
        told = [f"{each['rss'] / 2**20:.0f}" if each else "-" for each in (was, now)]
        told += [str(each["fds"]) if each else "-" for each in (was, now)]
        same = "yes" if was and now and was["pid"] == now["pid"] else "no"
        table.add_row(name, *told, str(now["threads"]) if now else "-", same)
    console.print(table)
    console.print("connections before", before["connections"], "after", after["connections"])
    console.print("moves", dict(sorted(load.counts.items())))
    console.print("refusals", load.refusals.most_common(15))
    console.print("ends", [tuple(row) for row in reasons])


if __name__ == "__main__":
    sys.exit(main())
