"""The reference pages say what the code says."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from prometheus_client.metrics import MetricWrapperBase

from agentx_site.cli.root import agentx
from monitoring import metrics
from monitoring.catalogue import METRICS
from monitoring.collectors import RowGauges
from plugins_app import handshake
from plugins_app.manifest_schema import MANIFEST
from proto import agentx_plugin_pb2
from tests.factories import make_agent, make_instance, make_plugin

DOCS = Path(__file__).resolve().parents[2] / "docs"


def page(name: str) -> str:
    return (DOCS / "reference" / f"{name}.md").read_text()


def rows(text: str) -> list[list[str]]:
    """The cells of every table's rows, without its head."""
    lines = re.findall(r"^\| (.*?) ?\|$", text, flags=re.MULTILINE)
    cells = [[cell.strip() for cell in line.split("|")] for line in lines]
    return [row for row in cells if row[0].startswith("`")]


def counted() -> Iterator[tuple[str, str, tuple[str, ...], str]]:
    """Name, kind, labels and sentence of what is counted in the process."""
    for held in vars(metrics).values():
        if isinstance(held, MetricWrapperBase):
            (family,) = held.describe()
            name = f"{family.name}_total" if family.type == "counter" else family.name
            yield name, family.type, held._labelnames, family.documentation


def read_from_rows() -> Iterator[tuple[str, str, tuple[str, ...], str]]:
    for family in RowGauges().collect():
        name = f"{family.name}_total" if family.type == "counter" else family.name
        labels = tuple(family._labelnames)  # type: ignore[attr-defined]
        yield name, family.type, labels, family.documentation


@pytest.mark.django_db
def test_metrics() -> None:
    make_instance(make_plugin("echo", agents=(make_agent("echo"),)))
    told = {
        (name.strip("`"), kind, tuple(re.findall(r"`(\w+)`", labels)), about)
        for name, kind, labels, about in (row for row in rows(page("metrics")) if len(row) == 4)
        if name.strip("`") not in METRICS
    }
    assert told == {*counted(), *read_from_rows()}


def test_what_rules_can_watch() -> None:
    told = {row[0].strip("`"): row[1:] for row in rows(page("metrics"))}
    for metric in METRICS.values():
        assert told[metric.name] == [metric.unit, metric.subject, str(metric.label)]


def keys(schema: dict[str, Any], prefix: str = "") -> Iterator[str]:
    """The dotted names of every key that may be set."""
    for name, inner in schema.get("properties", {}).items():
        yield prefix + name
        inside = inner.get("items", inner)
        yield from keys(inside, f"{prefix}{name}{'[]' if 'items' in inner else ''}.")


def test_every_key_of_a_manifest() -> None:
    """Each is named: whole, or by its last part after its parents."""
    text = page("plugin-manifest")
    named = set(re.findall(r"`\.?([\w.\[\]]+)`", text))
    missing = [
        key for key in keys(MANIFEST) if key not in named and key.split(".")[-1] not in named
    ]
    parents = {"metadata", "runtime", "resources", "agents", "autoscale", "dependencies", "network"}
    assert set(missing) <= {*parents, "health_check", "logging"}


def test_every_call_of_the_contract() -> None:
    service = agentx_plugin_pb2.DESCRIPTOR.services_by_name["AgentXPluginService"]
    text = page("plugin-protocol")
    assert [name for name in service.methods_by_name if f"`{name}`" not in text] == []


def test_the_handshake() -> None:
    text = page("plugin-protocol")
    assert f"{handshake.COOKIE_NAME}={handshake.COOKIE}" in text
    assert f"{handshake.FD_NAME}={handshake.FD}" in text
    (line,) = re.findall(r"^ *(AGENTX1\|1\|.*)$", text, flags=re.MULTILINE)
    told = line.replace("<the one you got>", "L").encode()
    read = handshake.parse(told, launch_id="L", socket_dir="/…")
    assert (read.contract, read.about["pid"]) == (1, 123)
    launch = handshake.launch_line(
        launch_id="<uuid>", token="<secret>", socket_dir="/…", lease_seconds=15, plugin="echo"
    )
    (shown,) = re.findall(r'^ *({"launch_id".*)$', text, flags=re.MULTILINE)
    assert json.loads(shown) == json.loads(launch)


def commands(group: click.Group, above: click.Context | None = None) -> Iterator[list[str]]:
    """How each command is typed, its options, and what its help says first."""
    context = click.Context(group, above, info_name=group.name)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, context)
        elif command is not None:
            own = click.Context(command, context, info_name=name)
            pieces = [piece for piece in command.collect_usage_pieces(own) if piece != "[OPTIONS]"]
            options = [o for o in command.params if isinstance(o, click.Option) and not o.hidden]
            told = ", ".join(f"`{max(option.opts, key=len)}`" for option in options)
            about = " ".join((command.help or "").split("\n\n")[0].split())
            yield [f"`{' '.join([own.command_path, *pieces])}`".replace("|", "or"), told, about]


def test_every_command() -> None:
    assert rows(page("cli")) == list(commands(agentx))


# They run until they are ended, or make files on this machine and ask AgentX nothing.
WITHOUT_JSON = (
    "up", "model-stub", "plugin dev", "plugin run", "plugin new", "plugin keygen", "plugin sign",
)  # fmt: skip


def test_every_command_that_asks_agentx_answers_programs_too() -> None:
    silent = [typed for typed, options, _ in commands(agentx) if "`--json`" not in options]
    assert {" ".join(each.strip("`").split()[1:3]).partition(" [")[0] for each in silent} == {
        *WITHOUT_JSON
    }


def test_every_decision_is_listed() -> None:
    decisions = sorted((DOCS / "adr").glob("0*.md"))
    told = [(path.name, path.read_text().splitlines()[0]) for path in decisions]
    listed = re.findall(r"^- (\d{4}) \[(.*)\]\((.*)\)$", (DOCS / "adr/index.md").read_text(), re.M)
    assert [(name, f"# {number} {title}") for number, title, name in listed] == told


def pages() -> list[Path]:
    return [*DOCS.rglob("*.md"), *DOCS.parent.glob("*.md")]


@pytest.mark.parametrize("path", pages(), ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", path.read_text())
    assert [target for target in targets if not (path.parent / target).exists()] == []
