"""Folders of own code: which an admin may let a plugin read, and what a launch makes of them."""

from pathlib import Path

import pytest

from plugins_app import manifest as manifests
from plugins_app import services
from plugins_app.models import Plugin
from plugins_app.process.recipe import recipe
from security.errors import Forbidden, InvalidInput
from security.models import AuditEvent
from security.principals import Principal, system
from tests.factories import make_plugin
from tests.nodes import BROKEN

US = system("test")


@pytest.fixture
def plugin(db: None) -> Plugin:
    return make_plugin("thinks", desired="running")


def test_a_folder_is_allowed_by_its_real_name_and_processes_are_replaced(
    plugin: Plugin, admin: Principal, tmp_path: Path
) -> None:
    code, link = tmp_path / "code", tmp_path / "link"
    code.mkdir()
    link.symlink_to(code)
    changed = services.allow_folders(admin, "thinks", [str(link), str(code)])
    assert changed.code_folders == [str(code)]
    assert changed.asked_generation == changed.generation == plugin.generation + 1
    written = AuditEvent.objects.get(action="plugin.folders_allowed")
    assert (written.after, written.actor_label) == ({"folders": [str(code)]}, admin.label)
    assert plugin.events.get(type="folders").message == str(code)
    again = services.allow_folders(admin, "thinks", [str(code)])
    assert again.generation == changed.generation
    assert services.allow_folders(admin, "thinks", []).code_folders == []


def test_what_is_more_than_own_code_is_refused_and_written_down(
    plugin: Plugin, settings, tmp_path: Path
) -> None:
    home = tmp_path / "above" / "home"
    home.mkdir(parents=True)
    (tmp_path / "above" / "to-home").symlink_to(home)
    settings.AGENTX_HOME = home
    (home / "work").mkdir()
    bad = ["/", "/etc", "/etc/ssl", "/proc/self", "/root", "/dev", "relative", "", "/a\0b"]
    bad += [str(home), str(home / "work"), str(home.parent), str(home.parent / "to-home")]
    bad += [str(tmp_path / "nothing"), str(settings.RUNTIME_DIR), f"{home}/work/../.."]
    for folder in bad:
        with pytest.raises(InvalidInput) as refused:
            services.allow_folders(US, "thinks", [folder])
        assert "folders" in refused.value.fields
    plugin.refresh_from_db()
    assert plugin.code_folders == []
    assert AuditEvent.objects.filter(outcome="refused").count() == len(bad)
    assert plugin.events.filter(type="refused").count() == len(bad)


def test_nobodys_home_and_nobodys_keys_are_code(
    plugin: Plugin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plugins_app.services.folders.HOMES", (tmp_path / "home",))
    monkeypatch.setenv("HOME", str(tmp_path / "mine"))
    for below in ("home/ann/.ssh", "home/ann/code", "mine/.config/some/app"):
        (tmp_path / below).mkdir(parents=True)
    for folder in ("home/ann", "home/ann/.ssh", "mine", "mine/.config/some/app"):
        with pytest.raises(InvalidInput, match="more than code"):
            services.allow_folders(US, "thinks", [str(tmp_path / folder)])
    found = services.allow_folders(US, "thinks", [str(tmp_path / "home/ann/code")])
    assert len(found.code_folders) == 1


def test_there_are_twenty_at_most(plugin: Plugin, tmp_path: Path) -> None:
    folders = [tmp_path / str(number) for number in range(21)]
    for folder in folders:
        folder.mkdir()
    with pytest.raises(InvalidInput, match="at most 20"):
        services.allow_folders(US, "thinks", [str(each) for each in folders])
    found = services.allow_folders(US, "thinks", [str(each) for each in folders[:20]])
    assert len(found.code_folders) == 20


def test_only_who_may_manage_plugins_allows_any(plugin: Plugin, operator: Principal) -> None:
    with pytest.raises(Forbidden):
        services.allow_folders(operator, "thinks", [])


def test_a_folder_that_became_a_link_is_not_shown(tmp_path: Path, settings) -> None:
    settings.AGENTX_HOME = tmp_path / "home"
    manifest = manifests.parse(manifests.read(BROKEN / "choosy"))
    code, secret = tmp_path / "code", tmp_path / "secret"
    code.mkdir()
    secret.mkdir()
    folders = (str(code),)
    assert str(code) in recipe(manifest, BROKEN / "choosy", 0, code_folders=folders).readable
    code.rmdir()
    code.symlink_to(secret)
    found = recipe(manifest, BROKEN / "choosy", 0, code_folders=folders).readable
    assert not {str(code), str(secret)} & set(found)
