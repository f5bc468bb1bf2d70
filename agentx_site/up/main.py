"""`agentx up`: from the command line to an exit status."""

import asyncio
import contextlib
import shutil
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from agentx_site.up import options as given
from agentx_site.up import ports
from agentx_site.up.errors import UpError
from agentx_site.up.home import Home
from agentx_site.up.logs import Terminal
from agentx_site.up.options import Options
from agentx_site.up.plan import Site
from agentx_site.up.postgres import Postgres
from agentx_site.up.runner import Runner
from agentx_site.up.runtime import runtime_dir
from agentx_site.up.service import Service
from agentx_site.up.valkey import Valkey


def main(arguments: Sequence[str] | None = None) -> int:
    """0 after an orderly end, 1 when it failed, 2 for wrong usage; the reason is one sentence."""
    try:
        run(given.parse(sys.argv[1:] if arguments is None else arguments))
    except UpError as error:
        sys.stdout.flush()
        print(f"agentx up: {error.message}", file=sys.stderr)  # noqa: T201 - a command speaks
        return error.status
    except KeyboardInterrupt:
        return 130
    return 0


def run(options: Options) -> None:
    """Everything that can be refused is refused here, before the first process starts."""
    home = Home(options.home)
    home.open()
    with contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.closing(home))
        listener = stack.enter_context(ports.listen(options.host, options.port))
        grpc_port = ports.check(options.host, options.grpc_port, "--grpc-port")
        runtime = runtime_dir(options.home)
        terminal = Terminal()
        postgres = None if given.setting("DATABASE_URL") else _postgres(home, runtime, terminal)
        valkey = None if given.setting("REDIS_URL") else Valkey(home.path / "valkey", runtime)
        site = Site(
            options=options,
            port=listener.getsockname()[1],
            grpc_port=grpc_port,
            listener=listener.fileno(),
            runtime_dir=runtime,
            database_url=postgres.url if postgres else None,
            redis_url=valkey.url if valkey else None,
            secret_key_file=home.secret_key_file,
            model_listener=_demo_model(options, stack),
        )
        shutil.rmtree(site.counters_dir, ignore_errors=True)  # left by a run that was killed
        site.counters_dir.mkdir(mode=0o700)
        services: list[Service] = [service for service in (postgres, valkey) if service]
        try:
            asyncio.run(Runner(site, home, services, terminal).run())
        finally:
            shutil.rmtree(runtime, ignore_errors=True)  # sockets of processes that have ended


def _demo_model(options: Options, stack: contextlib.ExitStack) -> socket.socket | None:
    """Where it listens: nobody but this machine reaches it."""
    if not options.demo or given.names_a_model():
        return None
    return stack.enter_context(ports.listen(ports.LOOPBACK, 0))


def _postgres(home: Home, runtime: Path, terminal: Terminal) -> Postgres:
    postgres = Postgres(home.path / "postgres", runtime)
    if postgres.moved:
        terminal.say(
            f"the database lives in {postgres.data_dir}: its user cannot enter {home.path}"
        )
    return postgres
