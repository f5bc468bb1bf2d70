"""What a benchmark leaves behind: a file with its figures and the machine they were measured on."""

import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

RESULTS = Path(__file__).resolve().parent / "results"


def write(console: Console, name: str, result: dict[str, Any]) -> None:
    moment = datetime.now(UTC)
    machine = {
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "kernel": platform.release(),
    }
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}-{moment:%Y%m%dT%H%M%SZ}.json"
    path.write_text(
        json.dumps({"time": moment.isoformat(), "machine": machine, **result}, indent=1)
    )
    console.print(f"written to benchmarks/results/{path.name}")
