"""Revisions and secrets of a plugin's configuration, in rows."""

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from plugins_app import selectors, services
from plugins_app.errors import ConfigChanged, InvalidConfig, RevisionNotFound, SecretNotFound
from plugins_app.models import (
    ConfigRevision,
    Plugin,
    PluginEvent,
    PluginInstance,
    PluginRelease,
    PluginSecret,
)
from plugins_app.services.config import REVISIONS_WITH_SECRETS, problems_with, seal_open_secrets
from plugins_app.services.upgrading import upgrade
from security.errors import Forbidden
from security.models import AuditEvent
from security.principals import Principal, system
from tests.factories import make_instance, make_plugin

pytestmark = pytest.mark.django_db
US = system("test")
CANARY = "canary-91c7"
SCHEMA = {
    "type": "object",
    "required": ["greeting"],
    "additionalProperties": False,
    "properties": {
        "greeting": {"type": "string", "minLength": 2},
        "api_key": {"type": "string", "minLength": 4},
        "dsn": {"type": "string"},
        "database": {"type": "object", "properties": {"password": {"type": "string"}}},
    },
}


@pytest.fixture
def plugin() -> Plugin:
    manifest = {"config_schema": SCHEMA, "config": {"greeting": "from yaml"}}
    return make_plugin("echo", manifest=manifest, config={"greeting": "from yaml"})


def configure(config: dict[str, Any], **more: Any) -> Plugin:
    return services.configure(US, "echo", config, **more)


def effective(plugin: Plugin) -> dict[str, Any]:
    return selectors.effective_config(Plugin.objects.get(id=plugin.id))


def test_a_configuration_is_kept_with_its_author_and_reason(plugin, admin):
    told = services.configure(admin, "echo", {"greeting": "hi", "api_key": CANARY}, note="a try")
    row = ConfigRevision.objects.get()
    assert (told.revision, row.number, row.author, row.note) == (1, 1, "ada", "a try")
    assert row.config == told.config == {"greeting": "hi", "api_key": {"$secret": "api_key@1"}}
    assert effective(plugin) == {"greeting": "hi", "api_key": CANARY}


def test_a_revision_replaces_no_process_by_itself(plugin):
    before = plugin.generation
    assert configure({"greeting": "hi"}).generation == before


def test_what_was_given_up_is_tried_again_with_a_new_configuration(plugin):
    Plugin.objects.update(desired="running")
    make_instance(plugin, state="fatal", failures=[1.0], pid=None)
    configure({"greeting": "hi"})
    assert PluginInstance.objects.get().state == "starting"


def test_the_same_again_is_no_revision(plugin):
    configure({"greeting": "hi", "api_key": CANARY})
    for again in (CANARY, "********", {"$secret": "api_key@1"}):
        assert configure({"greeting": "hi", "api_key": again}).revision == 1
    assert PluginSecret.objects.count() == ConfigRevision.objects.count() == 1


def test_no_secret_stands_in_any_row_but_sealed(plugin):
    configure({"greeting": "hi", "api_key": CANARY, "database": {"password": CANARY}})
    services.set_secret(US, "echo", "dsn", f"{CANARY}-dsn")
    with pytest.raises(InvalidConfig) as caught:
        configure({"greeting": 1, "api_key": CANARY[:3], "other": CANARY})
    assert CANARY[:6] not in str(caught.value) + str(caught.value.fields)
    for model in (Plugin, ConfigRevision, PluginSecret, PluginEvent, AuditEvent):
        assert CANARY not in json.dumps(list(model.objects.values()), default=str), model
    assert CANARY not in repr(selectors.effective_configs([Plugin.objects.get()]))
    assert effective(plugin)["dsn"] == f"{CANARY}-dsn"


def test_deed_and_event_name_fields_and_revision(plugin):
    configure({"greeting": "hi"})
    configure({"greeting": "hi", "api_key": CANARY, "database": {"password": CANARY}})
    event = AuditEvent.objects.filter(action="plugin.configured").latest("time")
    assert event.before == {"revision": 1}
    assert event.after == {"revision": 2, "changed": ["api_key", "database"]}
    assert PluginEvent.objects.latest("time").message == "revision 2: api_key, database"


def test_who_looked_at_an_older_revision_is_told_who_came_first(plugin, admin):
    services.configure(admin, "echo", {"greeting": "first"}, base=0)
    with pytest.raises(ConfigChanged, match="by ada") as caught:
        configure({"greeting": "second"}, base=0)
    assert caught.value.http_status == 409
    assert Plugin.objects.get().config == {"greeting": "first"}
    assert configure({"greeting": "second"}, base=1).revision == 2


def test_going_back_brings_the_secret_of_then(plugin):
    configure({"greeting": "one", "api_key": "first-key"})
    configure({"greeting": "two", "api_key": "second-key"})
    told = services.restore_config(US, "echo", 1, note="it was better")
    row = told.revisions.get(number=3)
    assert (told.revision, row.restored, row.note) == (3, 1, "it was better")
    assert effective(plugin) == {"greeting": "one", "api_key": "first-key"}
    assert services.restore_config(US, "echo", 0).config == {"greeting": "from yaml"}
    with pytest.raises(RevisionNotFound):
        services.restore_config(US, "echo", 9)


def test_a_secret_in_plugin_yaml_is_hidden_and_sealed_when_it_is_restored(plugin):
    manifest = {"config_schema": SCHEMA, "config": {"greeting": "hi", "api_key": CANARY}}
    plugin.release.manifest = manifest
    plugin.release.save()
    Plugin.objects.update(config=manifest["config"])
    assert selectors.shown_config(US, "echo")["api_key"] == "********"
    configure({"greeting": "ho", "api_key": "********"})
    assert effective(plugin) == {"greeting": "ho", "api_key": CANARY}
    told = services.restore_config(US, "echo", 0)
    assert told.config == {"greeting": "hi", "api_key": {"$secret": "api_key@1"}}


def test_old_secrets_are_forgotten_but_not_those_one_may_go_back_to(plugin):
    for number in range(REVISIONS_WITH_SECRETS + 3):
        configure({"greeting": "hi", "api_key": f"key-{number}"})
        if number == 0:
            Plugin.objects.update(good_revision=1)
    kept = set(PluginSecret.objects.values_list("name", flat=True))
    assert kept == {"api_key@1", *(f"api_key@{n}" for n in range(4, REVISIONS_WITH_SECRETS + 4))}
    with pytest.raises(InvalidConfig, match="no secret 'api_key@2'"):
        services.restore_config(US, "echo", 2)
    assert services.restore_config(US, "echo", 1).revision == REVISIONS_WITH_SECRETS + 4


def test_a_secret_is_set_and_taken_away_everywhere(plugin):
    configure({"greeting": "hi", "api_key": "first-key"})
    told = services.set_secret(US, "echo", "api_key", "second-key")
    assert told.config["api_key"] == {"$secret": "api_key@2"}
    nested = services.set_secret(US, "echo", "database.password", CANARY)
    assert nested.config["database"] == {"password": {"$secret": "database.password@3"}}
    gone = services.remove_secret(US, "echo", "api_key")
    assert "api_key" not in gone.config
    assert set(PluginSecret.objects.values_list("name", flat=True)) == {"database.password@3"}
    with pytest.raises(InvalidConfig, match="no secret"):
        services.restore_config(US, "echo", 1)


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("missing", SecretNotFound),
        ("", InvalidConfig),
        ("a..b", InvalidConfig),
        ("x" * 201, InvalidConfig),
    ],
)
def test_a_secret_that_is_not_there(plugin, name, error):
    with pytest.raises(error):
        services.remove_secret(US, "echo", name)
    if error is InvalidConfig:
        with pytest.raises(error):
            services.set_secret(US, "echo", name, "x")


def test_a_secret_goes_into_no_text_and_no_unknown_field(plugin):
    for name in ("greeting.inner", "unknown"):
        with pytest.raises(InvalidConfig):
            services.set_secret(US, "echo", name, CANARY)
    assert not PluginSecret.objects.exists()


def test_a_secret_is_checked_by_the_schema_with_its_value(plugin):
    with pytest.raises(InvalidConfig) as caught:
        services.set_secret(US, "echo", "api_key", "abc")
    assert caught.value.fields == {"api_key": "must have at least 4 characters"}


def test_another_plugins_secret_is_not_there(plugin):
    make_plugin("other")
    services.configure(US, "other", {"api_key": CANARY})
    with pytest.raises(InvalidConfig, match="no secret"):
        configure({"greeting": "hi", "api_key": {"$secret": "api_key@1"}})


def test_a_secret_that_is_gone_is_trouble_with_a_reason(plugin):
    configure({"greeting": "hi", "api_key": CANARY})
    PluginSecret.objects.all().delete()
    told = selectors.effective_configs([Plugin.objects.get()])[plugin.id]
    assert (told.config, told.trouble) == (
        {},
        "Its configuration cannot be used: api_key has no secret behind it: set it again.",
    )
    with pytest.raises(InvalidConfig, match="set it again"):
        effective(plugin)


def test_a_broken_seal_is_trouble_and_a_new_secret_mends_it(plugin):
    configure({"greeting": "hi", "api_key": CANARY})
    with override_settings(SECRET_KEY="another", SECRET_KEY_FALLBACKS=[]):
        told = selectors.effective_configs([Plugin.objects.get()])[plugin.id]
        assert "api_key has a secret whose seal is broken" in told.trouble
        with pytest.raises(InvalidConfig, match="seal is broken"):
            configure({"greeting": "ho", "api_key": "********"})
        services.set_secret(US, "echo", "api_key", "new-key")
        assert effective(plugin)["api_key"] == "new-key"


def test_many_plugins_are_read_by_one_query_and_none_without_secrets(plugin):
    configure({"greeting": "hi", "api_key": CANARY})
    for number in range(3):
        make_plugin(f"plain-{number}", config={"a": number})
    plugins = list(Plugin.objects.select_related("release"))
    with CaptureQueriesContext(connection) as asked:
        told = selectors.effective_configs(plugins)
    assert len(asked) == 1 and told[plugin.id].config["api_key"] == CANARY
    with CaptureQueriesContext(connection) as asked:
        selectors.effective_configs(each for each in plugins if each.slug != "echo")
    assert len(asked) == 0


def test_what_another_release_would_refuse_is_known_before(plugin):
    configure({"greeting": "hi", "api_key": CANARY})
    newer = {**SCHEMA, "required": ["greeting", "region"]}
    stricter = {"properties": {"api_key": {"type": "string", "maxLength": 3}}}
    now = Plugin.objects.get()
    assert problems_with(now, SCHEMA) == {}
    assert problems_with(now, newer) == {"region": "is required"}
    assert problems_with(now, stricter) == {"api_key": "must have at most 3 characters"}


def test_only_managers_change_or_read(plugin, operator: Principal):
    deeds = (
        lambda: services.configure(operator, "echo", {}),
        lambda: services.restore_config(operator, "echo", 0),
        lambda: services.set_secret(operator, "echo", "a", "b"),
        lambda: services.remove_secret(operator, "echo", "a"),
        lambda: selectors.shown_config(operator, "echo"),
        lambda: selectors.revisions(operator, "echo"),
        lambda: selectors.revision(operator, "echo", 0),
        lambda: selectors.secret_rows(operator, "echo"),
    )
    for deed in deeds:
        with pytest.raises(Forbidden):
            deed()


def test_revisions_are_compared_without_secrets(plugin):
    configure({"greeting": "one", "api_key": "first-key"})
    configure({"greeting": "two", "api_key": "second-key"})
    shown = selectors.revision(US, "echo", 2)
    assert [(each.path, each.before, each.after) for each in shown.changes] == [
        ("api_key", "********", "********"),
        ("greeting", "one", "two"),
    ]
    first = selectors.revision(US, "echo", 2, against=0)
    assert [each.kind for each in first.changes] == ["changed", "added"]
    assert selectors.revision(US, "echo", 0).config == {"greeting": "from yaml"}


def test_what_nobody_configured_is_as_the_newest_plugin_yaml_says(tmp_path):
    write_plugin(tmp_path, "1.0.0", "one")
    assert services.install(US, tmp_path).config == {"greeting": "one"}
    write_plugin(tmp_path, "1.1.0", "two")
    assert services.install(US, tmp_path).config == {"greeting": "two"}
    services.configure(US, "small", {"greeting": "mine"})
    write_plugin(tmp_path, "1.2.0", "three")
    assert services.install(US, tmp_path).config == {"greeting": "mine"}


def write_plugin(folder: Path, version: str, greeting: str) -> None:
    (folder / "main.py").write_text("")
    manifest = {
        "metadata": {"name": "small", "version": version},
        "runtime": {"language": "python", "entrypoint": "main.py"},
        "agents": [{"slug": "small"}],
        "config": {"greeting": greeting},
    }
    (folder / "plugin.yaml").write_text(json.dumps(manifest))


def test_what_was_configured_before_there_were_revisions_becomes_one_and_is_sealed(plugin):
    """As the migration 0007 and the next start do it."""
    old = {"greeting": "old", "api_key": CANARY}
    Plugin.objects.update(config=old)
    make_plugin("untouched", manifest={"config": {"a": 1}}, config={"a": 1})
    import_module("plugins_app.migrations.0007_configurations_as_revisions").make_revisions(
        apps, None
    )
    assert list(ConfigRevision.objects.values_list("plugin__slug", "number")) == [("echo", 1)]
    assert seal_open_secrets(US) == 1
    assert seal_open_secrets(US) == 0
    assert effective(plugin) == old
    for model in (Plugin, ConfigRevision, AuditEvent):
        assert CANARY not in json.dumps(list(model.objects.values()), default=str)


def test_an_upgrade_that_would_refuse_what_is_configured_is_refused_before(plugin):
    configure({"greeting": "hi", "api_key": CANARY})
    schema = {**SCHEMA, "required": ["greeting", "dsn"]}
    PluginRelease.objects.create(
        plugin=plugin,
        version="2.0.0",
        path="/",
        manifest={"config_schema": schema},
        digest="2" * 64,
    )
    with pytest.raises(InvalidConfig) as caught:
        upgrade(US, "echo", "2.0.0")
    assert caught.value.fields == {"dsn": "is required"}
    plugin.refresh_from_db()
    assert plugin.release.version == "1.0.0"
