"""`agentx plugin test`: does a plugin keep the contract? Needs no running AgentX."""

import contextlib
import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click

from agentx_site.cli import node_sdk
from agentx_site.cli.errors import Failed
from agentx_site.cli.options import json_option
from agentx_site.cli.plugins import plugin
from agentx_site.cli.target import PROJECT
from agentx_site.model_stub.serve import listening, url_of
from plugins_app import manifest
from plugins_app.errors import InvalidManifest

SDK: Final = PROJECT / "sdk" / "python"
OWN: Final = (".venv/bin/python", "venv/bin/python")
INSTALL_SECONDS: Final = 600
UV: Final = (sys.executable, "-m", "uv")
BESIDE_SDK: Final = ("grpcio>=1.71.2,<2", "protobuf>=5.29,<8")
NO_PLUGIN: Final = 2


@plugin.command("test")
@click.argument("path", type=click.Path(path_type=Path), default=".")
@click.option("--only", multiple=True, help="A check's id, or how ids begin, such as `turns`.")
@click.option("--python", default="", help="The interpreter of a Python plugin.")
@click.option(
    "--patience",
    type=click.FloatRange(1),
    default=30.0,
    show_default=True,
    help="Seconds that its start and an answer may take.",
)
@click.option("--list", "list_wanted", is_flag=True, help="What is checked.")
@click.option("--own", is_flag=True, help="Its own tests instead (`tests/`, unittest or npm).")
@click.option("-v", "--verbose", is_flag=True, help="Passed checks too.")
@json_option
@click.pass_context
def test(context: click.Context, /, path: Path, json_wanted: bool, **wanted: Any) -> None:
    """Start the plugin in PATH (here) and check the whole contract.

    Exit status 0 when it conforms, 1 when it does not, 2 when there is no plugin that could be started.
    """
    if wanted["own"]:
        context.exit(_own_tests(path, wanted["python"] or _ready(context, path)))
    flags = [flag for name in wanted["only"] for flag in ("--only", name)]
    flags += ["--patience", str(wanted["patience"])]
    flags += [flag for flag, given in (("--json", json_wanted), ("-v", wanted["verbose"])) if given]
    if wanted["list_wanted"]:
        flags.append("--list")
    else:
        python = wanted["python"] or _ready(context, path)
        flags += ["--python", python] if python else []
    with _model(path) as configured:
        done = subprocess.run(  # noqa: S603 - our own suite
            [sys.executable, "-m", "agentx_sdk.conformance", str(path), *flags, *configured],
            # Some checks offer wrong certificates: what gRPC would say of that is no news.
            env={**os.environ, "PYTHONPATH": str(SDK), "GRPC_VERBOSITY": "NONE"},
            check=False,
        )
    context.exit(done.returncode)


def _own_tests(folder: Path, python: str) -> int:
    """By AgentX's interpreter, which has the SDK; the plugin they start runs in its own environment."""
    is_node = (folder / "package.json").is_file()
    argv = ["npm", "test"] if is_node else [sys.executable, "-m", "unittest", "discover", "tests"]
    with _model(folder) as configured:
        lent = {
            "PYTHONPATH": str(SDK),
            "AGENTX_PLUGIN_PYTHON": python,
            "AGENTX_PLUGIN_CONFIG": configured[1] if configured else "{}",
            "GRPC_VERBOSITY": "NONE",
        }
        done = subprocess.run(argv, cwd=folder, env={**os.environ, **lent}, check=False)  # noqa: S603 - the author's own
    return done.returncode


@contextlib.contextmanager
def _model(folder: Path) -> Iterator[list[str]]:
    """The demo model, for a plugin that needs one and names none, while it is tested."""
    try:
        told = manifest.parse(manifest.read(folder))
    except InvalidManifest:
        yield []
        return
    if not told.needs_model or told.config.get("model"):
        yield []
        return
    with listening("127.0.0.1", 0) as listener:
        argv = [sys.executable, "-m", "agentx_site.model_stub.serve", str(listener.fileno())]
        stub = subprocess.Popen(argv, pass_fds=(listener.fileno(),), cwd=PROJECT)  # noqa: S603 - our own
        try:
            model = {"name": "demo", "base_url": url_of(listener)}
            yield ["--config", json.dumps({"model": model})]
        finally:
            stub.kill()
            stub.wait()


def _ready(context: click.Context, folder: Path) -> str:
    """What must be so before it can start; the interpreter, empty: the suite finds it."""
    try:
        told = manifest.parse(manifest.read(folder))
    except InvalidManifest as invalid:
        click.echo(f"agentx: {invalid.message}", err=True)
        context.exit(NO_PLUGIN)
    if told.runtime.language in manifest.INTERPRETERS:
        node_sdk.lend(folder)
    is_python = told.runtime.language == manifest.PYTHON and not told.runtime.executable
    return python_for(folder, told.requirements) if is_python else ""


def python_for(folder: Path, requirements: str) -> str:
    """The interpreter that has what the plugin requires; made in `.agentx` when nobody made one."""
    path = folder / requirements if requirements else None
    wanted = _wanted(path.read_text()) if path is not None and path.is_file() else ""
    if not wanted or any((folder / own).exists() for own in OWN):
        return ""
    assert path is not None
    made = (
        folder.resolve() / ".agentx" / f"python-{hashlib.sha256(wanted.encode()).hexdigest()[:16]}"
    )
    if not (made / "ready").exists():
        click.echo(f"installing {requirements} …", err=True)
        _uv("venv", "--quiet", "--clear", "--no-project", "--python", sys.executable, str(made))
        python = str(made / "bin" / "python")
        _uv("pip", "install", "--quiet", "--python", python, "-r", str(path), *BESIDE_SDK)
        (made / "ready").touch()
    return str(made / "bin" / "python")


def _wanted(text: str) -> str:
    """The requirements without comments, and without the SDK, which is lent."""
    lines = (re.sub(r"(^|\s)#.*$", "", line).strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line and not re.match(r"agentx[-_]sdk\b", line))


def _uv(*arguments: str) -> None:
    done = subprocess.run(  # noqa: S603 - uv, as it came with AgentX
        [*UV, *arguments], capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
    )
    if done.returncode:
        raise Failed(f"its requirements cannot be installed: {done.stderr.strip()[-800:]}")
