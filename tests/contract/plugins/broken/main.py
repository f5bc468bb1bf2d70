"""The complete plugin on an SDK with one fault, that `FAULT` names."""

import os
import sys
from pathlib import Path

VERSION = ""
HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "complete")]

if __name__ == "__main__":
    import faults

    faults.apply(os.environ["FAULT"])
    sys.path.remove(str(HERE))
    del sys.modules["faults"]
    import importlib

    from agentx_sdk import run

    # `main` of the complete plugin, which stands first now.
    complete = importlib.import_module("main").Complete
    complete.version = VERSION or complete.version
    run(complete())
