"""AgentX's default model: who gets it, who gets its key, and what people are told of it."""

import json
from typing import Any

import pytest

from plugins_app import selectors
from plugins_app.models import HostedAgent, Plugin
from plugins_app.selectors.models import completed, mark_of
from tests.factories import make_agent, make_plugin

pytestmark = pytest.mark.django_db
CANARY = "canary-key-5150"
URL = "http://models.example/v1"
OTHER = "https://other.example/v1"


@pytest.fixture(autouse=True)
def default(settings) -> None:
    settings.DEFAULT_MODEL_URL = URL
    settings.DEFAULT_MODEL_NAME = "usual"
    settings.DEFAULT_MODEL_KEY = CANARY
    settings.DEMO_MODEL = False


def plugin(config: dict[str, Any] | None = None, **manifest: Any) -> Plugin:
    manifest = {"needs_model": True, **manifest}
    return make_plugin("thinks", manifest=manifest, config=config or {})


def model(config: dict[str, Any] | None = None) -> dict[str, Any]:
    return dict(selectors.effective_config(plugin(config))["model"])


@pytest.mark.parametrize(
    ("told", "model_has"),
    [
        ({}, {"name": "usual", "base_url": URL, "api_key": CANARY}),
        ({"name": "mine"}, {"name": "mine", "base_url": URL, "api_key": CANARY}),
        ({"base_url": OTHER}, {"name": "usual", "base_url": OTHER}),
        ({"base_url": URL}, {"name": "usual", "base_url": URL}),
        ({"api_key": "own"}, {"name": "usual", "base_url": URL, "api_key": "own"}),
        ({"temperature": 0}, {"name": "usual", "base_url": URL, "api_key": CANARY, "temperature": 0}),
    ],
)  # fmt: skip
def test_what_is_left_out_is_filled_and_the_key_goes_to_its_own_endpoint(told, model_has):
    assert model({"model": told}) == model_has


def test_who_needs_no_model_gets_none():
    assert selectors.effective_config(plugin(needs_model=False)) == {}
    assert selectors.model_told(Plugin.objects.get()) is None


def test_without_a_default_nothing_is_made_up(settings):
    settings.DEFAULT_MODEL_URL = settings.DEFAULT_MODEL_NAME = settings.DEFAULT_MODEL_KEY = ""
    assert model() == {}
    assert selectors.default_model() is None
    assert selectors.model_told(Plugin.objects.get()) is None


def test_its_key_shows_itself_nowhere():
    effective = selectors.effective_configs([plugin()])
    assert CANARY not in repr(effective)
    (told,) = effective.values()
    assert CANARY not in repr(told.config) and CANARY in json.dumps(told.config)
    assert selectors.config_shown(Plugin.objects.get()) == {}
    assert CANARY not in told.model_mark


def test_another_default_leaves_another_mark(settings):
    thinks, plain = plugin(), make_plugin("plain")
    before = mark_of(thinks)
    assert before and mark_of(plain) == ""
    settings.DEFAULT_MODEL_KEY = "another"
    assert mark_of(thinks) != before


def test_a_plugin_that_nobody_has_looked_at_gets_no_key():
    thinks = plugin()
    before = mark_of(thinks)
    thinks.trust = "public"
    assert completed(thinks, {})["model"] == {"name": "usual", "base_url": URL}
    own = {"model": {"api_key": "own"}}  # by an admin, who knows what for
    assert completed(thinks, own)["model"]["api_key"] == "own"
    assert mark_of(thinks) != before  # what runs with the key is replaced


def test_folders_that_an_admin_allows_come_to_those_it_names():
    thinks = plugin({"code_folders": ["/a", "/b"]})
    thinks.code_folders = ["/b", "/c"]
    assert completed(thinks, thinks.config)["code_folders"] == ["/a", "/b", "/c"]


def told_of(agent: dict[str, Any] | None, config: dict[str, Any] | None = None) -> Any:
    thinks = plugin(config)
    if agent is None:
        return selectors.model_told(thinks)
    hosted = HostedAgent.objects.create(
        plugin=thinks, agent=make_agent("a"), config=agent, revision=1
    )
    return selectors.model_told(thinks, hosted)


@pytest.mark.parametrize(
    ("agent", "config", "is_told"),
    [
        (None, {}, ("usual", URL, True)),
        ({}, {}, ("usual", URL, True)),
        ({"model": {"name": "mine"}}, {}, ("mine", URL, True)),
        ({"model": {"name": "x", "base_url": OTHER}}, {}, ("x", OTHER, False)),
        ({"model": "fast"}, {"models": {"fast": {"name": "f1"}}}, ("f1", URL, True)),
        ({"model": "none-such"}, {}, ("usual", URL, True)),
        ({"model": ""}, {"model": {"base_url": OTHER, "name": "o"}}, ("o", OTHER, False)),
    ],
)
def test_people_are_told_which_model_an_agent_has(agent, config, is_told):
    found = told_of(agent, config)
    assert (found.name, found.base_url, found.is_default) == is_told


def test_that_answers_are_made_up_is_told_of_the_demo_model_alone(settings):
    settings.DEMO_MODEL = True
    assert told_of({}).is_demo
    assert selectors.default_model().is_demo
    own = HostedAgent.objects.get()
    own.config = {"model": {"base_url": OTHER, "name": "x"}}
    assert not selectors.model_told(own.plugin, own).is_demo


@pytest.mark.parametrize(
    "url",
    [f"http://user:{CANARY}@models.example/v1", f"http://models.example/v1?key={CANARY}"],
)
def test_an_address_is_told_without_what_may_be_secret(settings, url):
    settings.DEFAULT_MODEL_URL = url
    found = told_of(None)
    assert found.base_url == URL and found.is_default


def test_its_address_is_what_it_is_when_nobody_can_read_it(settings):
    settings.DEFAULT_MODEL_URL = "http://[broken"
    assert told_of(None).base_url == ""
