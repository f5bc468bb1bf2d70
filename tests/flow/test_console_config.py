"""The tab Config: the form, the text, revisions, secrets."""

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from plugins_app import services
from plugins_app.models import ConfigRevision, Plugin
from security.principals import system
from tests.callers import console
from tests.nodes import BROKEN

pytestmark = pytest.mark.django_db
PAGE = "/plugins/settings/configure/"
CANARY = "canary-c0de"


@pytest.fixture
def admin() -> Client:
    services.install(system("test"), BROKEN / "settings")
    return console("admin")


def shown(answer: Any) -> str:
    assert answer.status_code == 200, answer
    return answer.content.decode()


def in_force() -> dict[str, Any]:
    return Plugin.objects.get(slug="settings").config


def form(page: str) -> dict[str, str]:
    """What a browser without scripts would send of the page's form."""
    part = page[page.index('id="config-form"') :]
    part = re.sub(r"<template>.*?</template>", "", part[: part.index("</form>")], flags=re.DOTALL)
    sent = {}
    for field in re.findall(r"<input ([^>]*)>", part):
        told = dict(re.findall(r'(\w+)="([^"]*)"', field))
        if told.get("type") != "checkbox" and "name" in told:
            sent[told["name"]] = told.get("value", "")
    for name, text in re.findall(
        r'<textarea [^>]*name="([^"]*)"[^>]*>(.*?)</textarea>', part, re.S
    ):
        sent[name] = text
    return {name: text for name, text in sent.items() if name != "csrfmiddlewaretoken"}


def test_the_form_is_drawn_filled_in_and_saved(admin: Client) -> None:
    page = shown(admin.get(PAGE))
    for name in ("/greeting", "/api_key", "/retries", "/tags/0", "/servers/0/url"):
        assert f'name="{name}"' in page
    assert 'value="Hello"' in page and "What it says first." in page and 'max="9"' in page
    typed = {
        "/greeting": "Hi",
        "/api_key": CANARY,
        "/tags/0": "a",
        "/servers/0/url": "u",
        "note": "why",
    }
    saved = admin.post(PAGE, form(page) | typed, follow=True)
    assert CANARY not in shown(saved) and "Revision 1 is saved." in shown(saved)
    assert in_force() == {
        "greeting": "Hi",
        "api_key": {"$secret": "api_key@1"},
        "tags": ["a"],
        "servers": [{"url": "u"}],
    }
    assert ConfigRevision.objects.get().note == "why"
    again = admin.post(PAGE, form(shown(admin.get(PAGE))), follow=True)
    assert "Nothing was changed." in shown(again)


def test_a_row_is_taken_away_and_a_secret_too(admin: Client) -> None:
    config = {
        "greeting": "Hi",
        "api_key": CANARY,
        "servers": [{"url": "a", "token": "t-a"}, {"url": "b"}],
    }
    services.configure(system("test"), "settings", config)
    sent = form(shown(admin.get(PAGE))) | {"/servers/1?remove": "1", "/api_key?clear": "1"}
    shown(admin.post(PAGE, sent, follow=True))
    assert in_force() == {
        "greeting": "Hi",
        "servers": [{"url": "a", "token": {"$secret": "servers.0.token@1"}}],
    }


def test_problems_stand_at_their_fields_and_what_was_typed_stays(admin: Client) -> None:
    sent = form(shown(admin.get(PAGE))) | {"/greeting": "x", "/retries": "99", "/api_key": CANARY}
    page = shown(admin.post(PAGE, sent))
    assert "must have at least 2 characters" in page and "must be at most 9" in page
    assert 'value="x"' in page and 'value="99"' in page and CANARY not in page
    assert page.count('aria-invalid="true"') == 2
    letters = shown(admin.post(PAGE, sent | {"/retries": "many"}))
    assert "must be a whole number" in letters and 'value="many"' in letters
    assert not ConfigRevision.objects.exists()


def test_a_check_shows_what_would_change_and_saves_nothing(admin: Client) -> None:
    sent = form(shown(admin.get(PAGE))) | {"/greeting": "Hi", "/api_key": CANARY, "do": "check"}
    page = shown(admin.post(PAGE, sent))
    assert "It would be taken." in page and "none of its processes runs" in page
    assert "<del>Hello</del>" in page and "<ins>Hi</ins>" in page and CANARY not in page
    refused = shown(admin.post(PAGE, sent | {"/greeting": "x"}))
    assert "It would be refused." in refused
    assert not ConfigRevision.objects.exists()


def test_who_came_first_is_shown_and_saving_again_wins(admin: Client) -> None:
    sent = form(shown(admin.get(PAGE))) | {"/greeting": "Mine"}
    services.configure(system("somebody"), "settings", {"greeting": "Theirs"})
    page = shown(admin.post(PAGE, sent))
    assert "system:somebody" in page and "<ins>Theirs</ins>" in page and 'value="Mine"' in page
    assert in_force() == {"greeting": "Theirs"}
    shown(admin.post(PAGE, form(page), follow=True))
    assert in_force() == {"greeting": "Mine"}


@pytest.mark.parametrize("format", ["json", "yaml", "toml"])
def test_the_text_is_shown_changed_and_exported(admin: Client, format: str) -> None:
    services.configure(system("test"), "settings", {"greeting": "Hi", "api_key": CANARY})
    page = shown(admin.get(PAGE, {"view": "raw", "format": format}))
    sent = form(page)
    text = sent["config"].replace("&quot;", '"').replace("&#x27;", "'")
    assert "api_key@1" in text and CANARY not in page
    shown(admin.post(PAGE, sent | {"config": text.replace("Hi", "Ho")}, follow=True))
    assert in_force() == {"greeting": "Ho", "api_key": {"$secret": "api_key@1"}}
    file = admin.get(f"{PAGE}export/", {"format": format})
    assert file["Content-Disposition"] == f'attachment; filename="settings.{format}"'
    assert "Ho" in shown(file) and CANARY not in shown(file)


@pytest.mark.parametrize(
    ("format", "text", "told"),
    [
        ("yaml", "greeting: Hi\nretries: 10\n", "retries must be at most 9 (line 2)"),
        ("yaml", "a: [", "This is no YAML"),
        ("json", '{"greeting": "Hi", "other": 1}', "line 1"),
        ("toml", "greeting = 1", "greeting must be string (line 1)"),
    ],
)
def test_a_wrong_text_stays_and_is_told_with_its_line(
    admin: Client, format: str, text: str, told: str
) -> None:
    page = shown(admin.post(PAGE, {"config": text, "format": format, "base": "0"}))
    assert told in page.replace("&quot;", '"')
    assert text.split("\n", maxsplit=1)[0].replace('"', "&quot;") in page


def test_a_secret_in_a_wrong_text_is_not_sent_back(admin: Client) -> None:
    text = f"greeting: x\napi_key: {CANARY}\n"
    page = shown(admin.post(PAGE, {"config": text, "format": "yaml", "base": "0"}))
    assert CANARY not in page and "api_key: ********" in page


def test_a_file_takes_the_place_of_the_text(admin: Client) -> None:
    file = SimpleUploadedFile("mine.toml", b'greeting = "From a file"\n')
    sent = {"config": "greeting: no", "format": "yaml", "base": "0", "file": file}
    shown(admin.post(PAGE, sent, follow=True))
    assert in_force() == {"greeting": "From a file"}
    big = SimpleUploadedFile("big.json", b" " * ((1 << 20) + 1))
    page = shown(admin.post(PAGE, {"config": "", "format": "json", "file": big}))
    assert "too large" in page
    binary = SimpleUploadedFile("x.json", b"\xff\xfe")
    assert "no UTF-8" in shown(admin.post(PAGE, {"config": "", "format": "json", "file": binary}))


def test_a_null_cannot_be_told_in_toml_and_is_shown_as_json(admin: Client) -> None:
    Plugin.objects.update(config={"greeting": None})
    page = shown(admin.get(PAGE, {"view": "raw", "format": "toml"}))
    assert "TOML has no null" in page and "null" in page
    assert admin.get(f"{PAGE}export/", {"format": "toml"}).status_code == 400


def test_revisions_are_looked_at_and_gone_back_to(admin: Client) -> None:
    services.configure(
        system("test"), "settings", {"greeting": "One", "api_key": CANARY}, note="first"
    )
    services.configure(system("test"), "settings", {"greeting": "Two"})
    page = shown(admin.get(f"{PAGE}2/"))
    assert "<del>One</del>" in page and "<ins>Two</ins>" in page and CANARY not in page
    assert "Go back to it" not in page and "Go back to it" in shown(admin.get(f"{PAGE}1/"))
    assert "<ins>Two</ins>" in shown(admin.get(f"{PAGE}2/", {"against": "0"}))
    assert "first" in shown(admin.get(PAGE))
    told = shown(admin.post(f"{PAGE}1/restore/", follow=True))
    assert "Revision 3 is saved: it is as revision 1 was." in told and "back to 1" in told
    assert in_force()["greeting"] == "One"
    assert admin.get(f"{PAGE}9/").status_code == 404


def test_secrets_are_set_and_taken_away_on_the_page(admin: Client) -> None:
    page = shown(admin.post(f"{PAGE}secret/", {"name": "api_key", "value": CANARY}, follow=True))
    assert "The secret of api_key is set." in page and CANARY not in page
    assert in_force()["api_key"] == {"$secret": "api_key@1"}
    gone = shown(admin.post(f"{PAGE}secret/remove/?name=api_key", follow=True))
    assert "The secret of api_key is gone" in gone and "api_key" not in in_force()


def test_a_plugin_without_a_schema_has_a_form_too(admin: Client) -> None:
    release = Plugin.objects.get().release
    assert release is not None
    release.manifest = {**release.manifest, "config_schema": {}}
    release.save()
    page = shown(admin.get(PAGE))
    sent = form(page) | {"?rest": '{"anything": [1]}'}
    shown(admin.post(PAGE, sent, follow=True))
    assert in_force() == {"anything": [1]}
