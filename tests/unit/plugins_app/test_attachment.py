"""Attaching a process that was started by hand: what a reattach line must hold."""

import pytest

from plugins_app import services
from plugins_app.services.attachment import lose_attachment
from security.crypto import unseal
from security.errors import Conflict, Forbidden, InvalidInput
from security.models import AuditEvent
from security.principals import system
from tests.factories import make_instance
from tests.nodes import ROOT

pytestmark = pytest.mark.django_db
US = system("test")
LAUNCH = "0b0e5b52-9f10-4a1f-8f3e-000000000000"
LINE = {
    "agentx": 1,
    "plugin": "echo",
    "pid": 4242,
    "address": "unix:/tmp/x/p.sock",
    "launch_id": LAUNCH,
    "token": "t" * 64,
    "contract": 1,
}


@pytest.fixture
def plugin():
    services.install(US, ROOT / "plugins" / "echo")
    return services.set_desired(US, "echo", "running")


def test_its_token_is_sealed_and_nowhere_told(plugin):
    told = services.attach(US, "echo", LINE).attachment
    assert unseal(told.pop("token_sealed")) == LINE["token"]
    audit = AuditEvent.objects.get(action="plugin.attached")
    assert LINE["token"] not in f"{told} {audit.after}"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("agentx", 2),
        ("plugin", "other"),
        ("pid", 1),
        ("pid", True),
        ("pid", "4242"),
        ("address", "dns:///10.0.0.1:80"),
        ("address", "unix:relative.sock"),
        ("address", "unix:/tmp/../etc/x.sock"),
        ("address", "unix:/tmp/\0"),
        ("address", "unix:/" + "x" * 200),
        ("launch_id", "mine"),
        ("token", "short"),
        ("token", "é" * 64),
        ("contract", 9),
        ("contract", None),
    ],
)
def test_a_line_that_is_none_is_refused_by_field(plugin, field, value):
    with pytest.raises(InvalidInput) as refused:
        services.attach(US, "echo", LINE | {field: value})
    assert set(refused.value.fields) == {field}
    plugin.refresh_from_db()
    assert plugin.attachment is None


def test_an_empty_line_names_every_field(plugin):
    with pytest.raises(InvalidInput) as refused:
        services.attach(US, "echo", {})
    assert set(refused.value.fields) == set(LINE)


def test_a_stopped_plugin_has_no_place_to_take(plugin):
    services.set_desired(US, "echo", "stopped")
    with pytest.raises(Conflict, match="start it first"):
        services.attach(US, "echo", LINE)


def test_an_operator_may_not_attach(plugin, operator):
    with pytest.raises(Forbidden):
        services.attach(operator, "echo", LINE)


def test_detaching_what_is_not_attached(plugin):
    with pytest.raises(Conflict, match="No process is attached"):
        services.detach(US, "echo")


def test_a_supervisor_loses_only_the_one_it_means(plugin):
    services.attach(US, "echo", LINE)
    plugin.instances.all().delete()
    row = make_instance(plugin)
    lose_attachment(row.id, "another", "It ended.")
    plugin.refresh_from_db()
    assert plugin.attachment is not None
    lose_attachment(row.id, LAUNCH, "It is not a socket.", refused=True)
    plugin.refresh_from_db()
    assert plugin.attachment is None
    assert plugin.events.get(type="refused").message == "It is not a socket."
    assert AuditEvent.objects.get(outcome="refused").after["reason"] == "It is not a socket."
