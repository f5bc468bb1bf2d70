"""Plugins: the hop to a process, how soon one is there, and how soon another takes the place of one that was killed."""

from rich.console import Console

from benchmarks import report
from benchmarks.plugins import hop, recovery

__all__ = ["run"]


def run(console: Console) -> bool:
    """Print the tables. False when a floor was missed."""
    hops = hop.measure(console)
    ends = recovery.measure(console)
    report.write(console, "plugins", {"hop": hops, "recovery": ends})
    return hop.held(hops) and recovery.held(ends)
