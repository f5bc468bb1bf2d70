"""The page of join tokens: a token is shown once, with the command that joins with it."""

import re

import pytest
from django.test import Client

from plugins_app.models import FIRST_ELSEWHERE, JoinToken, Plugin, PluginInstance
from tests.factories import make_instance, make_plugin, make_user

pytestmark = pytest.mark.django_db
PAGE = "/join-tokens/"
ASKED = {"plugin": "echo", "name": "laptop", "lives": "86400", "uses": "2"}


@pytest.fixture
def client() -> Client:
    client = Client()
    client.force_login(make_user("ada", "admin"))
    make_plugin()
    return client


def test_a_token_is_shown_once_and_can_be_revoked(client: Client, settings) -> None:
    settings.JOIN_PORT, settings.JOIN_PUBLIC = 50061, "agents.example:50061"
    made = client.post(PAGE, ASKED)
    found = re.search(r"python main.py --join agents.example:50061 --token (agxj_\S+?)<", made.text)
    assert found and made["Cache-Control"] == "no-store"
    shown = client.get(PAGE)
    assert "laptop" in shown.text and found[1] not in shown.text
    token = JoinToken.objects.get()
    assert token.uses_left == 2
    client.post(f"{PAGE}{token.id}/revoke/")
    token.refresh_from_db()
    assert token.revoked


def test_it_says_when_nobody_can_join(client: Client, settings) -> None:
    settings.JOIN_PORT = 0
    assert "AGENTX_JOIN_PORT" in client.get(PAGE).text
    settings.JOIN_PORT = 50061
    assert "AGENTX_JOIN_PORT" not in client.get(PAGE).text


def test_what_is_wrong_is_said_beside_its_field(client: Client) -> None:
    answer = client.post(PAGE, ASKED | {"name": "", "uses": "0"})
    assert answer.status_code == 200 and not JoinToken.objects.exists()
    assert answer.text.count("errorlist") >= 2 or "field is required" in answer.text


def test_a_process_elsewhere_is_listed_and_dismissed(client: Client) -> None:
    row = make_instance(
        Plugin.objects.get(),
        FIRST_ELSEWHERE,
        address="dns:///10.1.2.3:4000",
    )
    assert "10.1.2.3:4000" in client.get(PAGE).text
    client.post(f"/joined/{row.id}/dismiss/")
    assert not PluginInstance.objects.get(id=row.id).wanted
