"""Import while waiting, run when the gate opens.

`python -m agentx_site.up.gate FD IMPORTS MODULE ARGUMENTS…` sets Django up, imports IMPORTS (separated by
commas), waits until nobody holds the other end of the pipe FD, and goes on as `python -m MODULE
ARGUMENTS…`. So four processes do their second of imports while the database is made, not after it.
"""

import importlib
import os
import runpy
import sys

import django
from django.core.exceptions import ImproperlyConfigured


def main(descriptor: int, imports: str, module: str, arguments: list[str]) -> None:
    try:
        django.setup()
        for name in imports.split(","):
            importlib.import_module(name)
    except ImproperlyConfigured as error:  # a setting to mend, not a program
        print(error, file=sys.stderr)  # noqa: T201 - a command speaks
        sys.exit(2)
    os.read(descriptor, 1)  # nothing is ever written: this returns when the gate is open
    os.close(descriptor)
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4:])
