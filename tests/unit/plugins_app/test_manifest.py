"""plugin.yaml: what people write, what they get, and what they are told when it is wrong."""

import json
import re

import pytest

from plugins_app import manifest, quantities
from plugins_app.errors import InvalidManifest
from plugins_app.manifest_schema import MANIFEST
from tests.nodes import BROKEN, ROOT

SMALL = {
    "metadata": {"name": "shout", "version": "1.0"},
    "runtime": {"language": "python", "entrypoint": "main.py"},
    "agents": [{"slug": "shout"}],
}


def test_what_is_left_out_is_filled_in():
    parsed = manifest.parse(SMALL)
    assert (parsed.kind, parsed.priority, parsed.replicas, parsed.autoscale) == (
        "custom",
        50,
        1,
        None,
    )
    (agent,) = parsed.agents
    assert (agent.name, agent.version, agent.retry) == ("shout", "1.0", "undelivered")
    assert (parsed.runtime.startup_timeout, parsed.runtime.shutdown_timeout) == (10.0, 5.0)


def test_an_agent_may_say_what_its_card_says():
    card = {"capabilities": {"streaming": False}}
    agent = {"slug": "shout", "direct_messages": True, "card": card}
    (parsed,) = manifest.parse({**SMALL, "agents": [agent]}).agents
    assert (parsed.direct_messages, parsed.card) == (True, card)


@pytest.mark.parametrize("folder", sorted((ROOT / "plugins").glob("*/plugin.yaml")), ids=str)
def test_every_bundled_manifest_is_good(folder):
    assert manifest.parse(manifest.read(folder.parent)).agents


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"metadata": {"name": "No Slug", "version": "1"}}, "metadata.name"),
        ({"metadata": {"name": "x", "version": 1.0}}, "metadata.version"),
        ({"agents": []}, "agents"),
        ({"agents": [{"slug": "a"}, {"slug": "a"}]}, "agents.1.slug"),
        ({"agents": [{"slug": "a", "retry": "maybe"}]}, "agents.0.retry"),
        ({"agents": [{"slug": "a", "card": {"name": "b"}}]}, "agents.0.card.name"),
        ({"agents": [{"slug": "a", "direct_messages": 1}]}, "agents.0.direct_messages"),
        ({"runtime": {"language": "python"}}, "runtime"),
        ({"runtime": {"language": "cobol", "entrypoint": "x"}}, "runtime.executable"),
        (
            {"runtime": {**SMALL["runtime"], "startup_timeout": "soon"}},
            "runtime.startup_timeout",
        ),
        ({"resources": {"memory_limit": "a lot"}}, "resources.memory_limit"),
        ({"resources": {"cpu_limit": "2GB"}}, "resources.cpu_limit"),
        ({"replicas": -1}, "replicas"),
        ({"autoscale": {"minimum": 3, "maximum": 2}}, "autoscale.minimum"),
        ({"config_schema": {"type": "nonsense"}}, "config_schema.type"),
        ({"environment": {"NOT OK": "x"}}, "environment.NOT OK"),
        ({"network": {"policy": "hosts"}}, "network.hosts"),
        ({"metadata": {"name": "shout"}}, "metadata.version"),
    ],
)
def test_an_error_names_the_field(change, field):
    with pytest.raises(InvalidManifest) as caught:
        manifest.parse({**SMALL, **change})
    assert field in caught.value.fields
    assert "plugin.yaml" in caught.value.message


WRONG = b"""\
metadata: {name: shout, version: "1.0"}
runtime:
  languag: python
  entrypoint: main.py
  startup_timeout: soon
agents:
  - slug: shout
    retry: maybe
  - name: second
shutdown_timeout: 5s
resources:
  memory_limit: 12 parsecs
"""


def test_every_problem_has_its_line_and_field_and_all_are_told_at_once():
    with pytest.raises(InvalidManifest) as caught:
        manifest.parse(manifest.load(WRONG))
    told = caught.value.message.removeprefix("plugin.yaml: ").split("; ")
    assert told == [
        "line 3, column 3: runtime.languag is not a key: did you mean language?",
        "line 5, column 3: runtime.startup_timeout must be a duration, such as 500ms, 10s or 2m",
        "line 8, column 5: agents.0.retry must be one of never, undelivered, always",
        "line 9, column 5: agents.1.slug is missing",
        "line 10, column 1: shutdown_timeout is not a key: did you mean runtime.shutdown_timeout?",
        "line 12, column 3: resources.memory_limit must be a size, such as 512MB or 1GiB",
    ]
    assert caught.value.fields["agents.1.slug"] == "is missing (line 9, column 5)"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            b"a: 1\nb:\n  c: 1\n  c: 2\n",
            "line 4, column 3: c is there already, at line 3, column 3",
        ),
        (b"a:\n  - b: 2026-01-01\n", "line 2, column 8: a date is no value here"),
        (b"a: .nan", "a float is no value here"),
        (b"a: !!binary aGk=", "a bytes is no value here"),
        (b"a: {1: b}", "a key must be text"),
        (b"on: 1", "a key must be text"),
        (b"a: &a [*a]", "too many values, or too many inside each other"),
        (b"x: " + b"[" * 5000, "too many values inside each other"),
        (b"a: {b: [", "is not YAML: line 1, column 9"),
    ],
)
def test_what_json_cannot_hold_is_told_with_its_line(text, told):
    with pytest.raises(InvalidManifest, match=re.escape(told)):
        manifest.load(text)


def test_a_few_aliases_do_not_become_a_lot():
    bomb = b"a0: &a0 [1,1,1,1,1,1,1,1]\n"
    for level in range(1, 20):
        references = ",".join([f"*a{level - 1}"] * 8)
        bomb += f"a{level}: &a{level} [{references}]\n".encode()
    with pytest.raises(InvalidManifest, match="too many values"):
        manifest.load(bomb)


def test_anchors_and_merges_may_be_used():
    text = b"metadata: &m {name: a}\nruntime: {<<: *m, name: b}\n"
    assert manifest.load(text) == {"metadata": {"name": "a"}, "runtime": {"name": "b"}}


def test_the_sdk_ships_the_same_schema():
    shipped = json.loads((ROOT / "sdk/python/agentx_sdk/manifest.schema.json").read_text())
    assert shipped == MANIFEST, "run `python manage.py manifest_schema`"


@pytest.mark.parametrize(
    ("change", "seconds"),
    [
        ({}, (9, 12)),
        ({"health_check": {"interval": "10s", "retries": 2}}, (20, 30)),
        ({"runtime": {**SMALL["runtime"], "health_check_interval": "30s"}}, (90, 120)),
    ],
)
def test_how_long_a_process_may_be_silent(change, seconds):
    health = manifest.parse({**SMALL, **change}).health
    assert (health.degraded_after, health.replaced_after) == seconds


def test_every_wrong_field_is_named_at_once():
    with pytest.raises(InvalidManifest) as caught:
        manifest.parse({**SMALL, "replicas": 99, "kind": "toy"})
    assert set(caught.value.fields) == {"replicas", "kind"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"metadata: [", "is not YAML"),
        (b"- a list", "must hold a mapping"),
        (b"\xff\xfe\x00", "is not YAML"),
        (b"a: !!python/object/apply:os.system ['true']", "is not YAML"),
    ],
)
def test_a_file_that_is_no_manifest(tmp_path, text, told):
    (tmp_path / "plugin.yaml").write_bytes(text)
    with pytest.raises(InvalidManifest, match=told):
        manifest.read(tmp_path)


def test_a_missing_file(tmp_path):
    with pytest.raises(InvalidManifest, match="No such file"):
        manifest.read(tmp_path)


@pytest.mark.parametrize(
    ("text", "seconds"), [("500ms", 0.5), ("10s", 10), ("2m", 120), ("1h", 3600), (7, 7), ("3", 3)]
)
def test_durations(text, seconds):
    assert quantities.seconds(text) == seconds


@pytest.mark.parametrize(
    ("text", "size"),
    [("512MB", 512_000_000), ("1GiB", 1 << 30), ("1.5k", 1500), (12, 12), ("64 Mi", 64 << 20)],
)
def test_sizes(text, size):
    assert quantities.size(text) == size


@pytest.mark.parametrize("text", ["", "-1s", "s", "1 fortnight", "1e9s", "ten"])
def test_what_is_no_duration(text):
    with pytest.raises(ValueError, match="is not a duration"):
        quantities.seconds(text)


def test_a_configuration_that_does_not_fit_does_not_show_its_values():
    schema = {"type": "object", "properties": {"key": {"type": "integer"}}}
    problems = manifest.config_problems(schema, {"key": "a-secret"})
    assert problems == {"key": "must be integer"}


def test_the_broken_plugins_of_the_tests_have_good_manifests():
    assert all(manifest.parse(manifest.read(p.parent)) for p in BROKEN.glob("*/plugin.yaml"))
