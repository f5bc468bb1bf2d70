"""`python -m benchmarks [messages] [streams] [registry] [plugins] [frameworks]`: all of them when none is named. Exit status 1: a floor was missed."""

import argparse
import sys
from collections.abc import Callable
from typing import Final

from rich.console import Console

from benchmarks import frameworks, messages, plugins, registry, streams

BENCHMARKS: Final[dict[str, Callable[[Console], bool]]] = {
    "messages": messages.run,
    "streams": streams.run,
    "registry": registry.run,
    "plugins": plugins.run,
    "frameworks": frameworks.run,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="|".join(BENCHMARKS))
    names = parser.parse_args().names or list(BENCHMARKS)
    if unknown := set(names) - BENCHMARKS.keys():
        parser.error(f"there is no benchmark {min(unknown)}")
    console = Console()
    held = [BENCHMARKS[name](console) for name in names]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
