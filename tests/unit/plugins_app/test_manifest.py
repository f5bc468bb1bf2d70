"""plugin.yaml: what people write, what they get, and what they are told when it is wrong."""

import pytest

from plugins_app import manifest, quantities
from plugins_app.errors import InvalidManifest
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
        ({"agents": [{"slug": "a"}, {"slug": "a"}]}, "agents"),
        ({"agents": [{"slug": "a", "retry": "maybe"}]}, "agents.0.retry"),
        ({"agents": [{"slug": "a", "card": {"name": "b"}}]}, "agents.0.card"),
        ({"agents": [{"slug": "a", "direct_messages": 1}]}, "agents.0.direct_messages"),
        ({"runtime": {"language": "python"}}, "runtime"),
        ({"runtime": {"language": "cobol", "entrypoint": "x"}}, "runtime.executable"),
        (
            {"runtime": {**SMALL["runtime"], "startup_timeout": "soon"}},
            "runtime.startup_timeout",
        ),
        ({"resources": {"memory_limit": "a lot"}}, "resources.memory_limit"),
        ({"resources": {"cpu_limit": "2GB"}}, "resources.cpu_limit"),
        ({"replicas": 0}, "replicas"),
        ({"autoscale": {"minimum": 3, "maximum": 2}}, "autoscale.minimum"),
        ({"config_schema": {"type": "nonsense"}}, "config_schema"),
        ({"environment": {"NOT OK": "x"}}, "environment"),
    ],
)
def test_an_error_names_the_field(change, field):
    with pytest.raises(InvalidManifest) as caught:
        manifest.parse({**SMALL, **change})
    assert field in caught.value.fields
    assert "plugin.yaml" in caught.value.message


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
