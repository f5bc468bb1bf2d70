"""The processes of AgentX on one machine, as `agentx up` runs them."""

import os
import signal
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

from agentx_site.up import ports, probes
from agentx_site.up.child import Program
from agentx_site.up.options import PROJECT, Options, setting
from agentx_site.up.process import Gate
from agentx_site.up.service import Service

# grpcio 1.85's event engine makes each call of grpc.aio slower (grpc/grpc#43092).
GRPC_EXPERIMENTS = "-event_engine_client,-event_engine_listener"

APPLICATION = "agentx_site.asgi:application"
# What each process imports before it may begin.
UVICORN = (
    "agentx_site.asgi,uvicorn.server,uvicorn.loops.uvloop,uvicorn.protocols.http.httptools_impl,"
    "uvicorn.protocols.websockets.websockets_sansio_impl"
)
DAPHNE = "agentx_site.asgi,daphne.cli"
CELERY = "agentx_site.celery,celery.bin.celery,celery.apps.worker,celery.concurrency.prefork"


@dataclass(frozen=True)
class Site:
    """Where this run listens and keeps its things."""

    options: Options
    port: int
    grpc_port: int
    listener: int  # file descriptor
    runtime_dir: Path
    database_url: str | None  # None: the environment already names one
    redis_url: str | None
    secret_key_file: Path
    model_listener: socket.socket | None = None  # of the demo model; None: there is none

    @property
    def url(self) -> str:
        public = setting("AGENTX_PUBLIC_URL")
        return public or f"http://{ports.url_host(self.options.host)}:{self.port}"

    @property
    def grpc(self) -> str:
        return f"{ports.url_host(self.options.host)}:{self.grpc_port}"

    @property
    def counters_dir(self) -> Path:
        """Where every process leaves what it counted, so that each web process can tell all of it."""
        return self.runtime_dir / "counters"

    @property
    def demo_model_url(self) -> str:
        """Empty when there is none."""
        if self.model_listener is None:
            return ""
        return f"http://{ports.LOOPBACK}:{self.model_listener.getsockname()[1]}/v1"

    @property
    def local_host(self) -> str:
        """Where the runner itself asks."""
        return ports.ANY.get(self.options.host, self.options.host)

    @property
    def environment(self) -> dict[str, str]:
        """What every child gets beside what we were given."""
        ours = {
            "AGENTX_HOME": str(self.options.home),
            "AGENTX_RUNTIME_DIR": str(self.runtime_dir),
            "AGENTX_HOST": self.options.host,
            "AGENTX_PORT": str(self.port),
            "AGENTX_GRPC_PORT": str(self.grpc_port),
            "AGENTX_PUBLIC_URL": self.url,
            "DJANGO_SETTINGS_MODULE": "agentx_site.settings",
            "CELERY_SKIP_CHECKS": "true",  # they import every view; `make check` makes them
            "PROMETHEUS_MULTIPROC_DIR": str(self.counters_dir),
            "PYTHONUNBUFFERED": "1",
        }
        if not self.options.demo:
            ours["AGENTX_DEMO"] = "0"
        if self.demo_model_url:
            ours |= {
                "AGENTX_MODEL_URL": self.demo_model_url,
                "AGENTX_MODEL_NAME": "demo",
                "AGENTX_DEMO_MODEL": "1",
            }
        if setting("AGENTX_SECRET_KEY") is None:
            ours["AGENTX_SECRET_KEY_FILE"] = str(self.secret_key_file)
        if self.database_url:
            ours["DATABASE_URL"] = self.database_url
        if self.redis_url:
            ours["REDIS_URL"] = self.redis_url
        return {"GRPC_EXPERIMENTS": GRPC_EXPERIMENTS} | os.environ | ours


def served(service: Service) -> Program:
    """An embedded service as a child of the runner."""

    async def ready(pid: int) -> bool:
        return service.is_ready(pid)

    return Program(
        name=service.name,
        argv=lambda: service.argv,
        ready=ready,
        options=service.options,
        prepare=service.prepare,
        may_retry=service.may_retry,
        stop_signal=service.stop_signal,
        patience=10.0,
        quiet=True,
    )


def bootstrap(site: Site, gate: Gate) -> Program:
    imports = "agentx_site.management.commands.bootstrap"
    argv = _gated(gate, imports, "django", "bootstrap")
    return _program(site, "bootstrap", argv, pass_fds=(gate.descriptor,))


def web(site: Site, gate: Gate, number: int) -> Program:
    options, descriptor = site.options, str(site.listener)
    argv = (
        _gated(gate, UVICORN, "agentx_site.up.web", descriptor)
        if options.server == "uvicorn"
        else _gated(gate, DAPHNE, "daphne", "-v", "0", "--fd", descriptor, APPLICATION)
    )
    return _program(
        site,
        name="web" if options.web_workers == 1 else f"web-{number}",
        argv=argv,
        ready=probes.answers(site.local_host, site.port, "/health"),
        patience=6.0,
        pass_fds=(site.listener, gate.descriptor),
    )


def node(site: Site, gate: Gate) -> Program:
    worker = ("worker", "--concurrency", "2", "--loglevel", "warning", "--hostname", "node@%h")
    lonely = ("--without-gossip", "--without-mingle")
    argv = _gated(gate, CELERY, "celery", "--quiet", "-A", "agentx_site", *worker, *lonely)
    # It drains the plugins it runs before it goes.
    return _program(site, "node", argv, patience=20.0, pass_fds=(gate.descriptor,))


def gateway(site: Site) -> Program:
    ready = probes.listens(site.local_host, site.grpc_port)
    return _program(site, "gateway", _manage("gateway"), ready, patience=8.0)


def beat(site: Site) -> Program:
    return _program(site, "beat", _manage("beat"))


def courier(site: Site) -> Program:
    return _program(site, "courier", _manage("courier"))


def model(site: Site, listener: socket.socket) -> Program:
    """The runner holds its socket: who asks before it is there, or between two lives, waits."""
    descriptor = listener.fileno()
    argv = _python("-m", "agentx_site.model_stub.serve", str(descriptor))
    return _program(site, "model", argv, pass_fds=(descriptor,))


def _program(
    site: Site,
    name: str,
    argv: list[str],
    ready: probes.Ready = probes.runs,
    patience: float = 5.0,
    pass_fds: tuple[int, ...] = (),
) -> Program:
    return Program(
        name=name,
        argv=lambda: argv,
        ready=ready,
        environment=site.environment,
        options={"cwd": str(PROJECT), "pass_fds": pass_fds},
        stop_signal=signal.SIGTERM,
        patience=patience,
    )


def _gated(gate: Gate, imports: str, module: str, *arguments: str) -> list[str]:
    """`python -m module arguments`, with its imports done before the gate opens."""
    descriptor = str(gate.descriptor)
    return _python("-m", "agentx_site.up.gate", descriptor, imports, module, *arguments)


def _manage(command: str) -> list[str]:
    return _python(str(PROJECT / "manage.py"), command)


def _python(*arguments: str) -> list[str]:
    """Never a console script: its first line cannot hold a path with a space."""
    return [sys.executable, *arguments]
