"""What ships in plugins/: installed at the first start, and started unless it says otherwise."""

import shutil

import pytest

from agentx_site.management.commands import bootstrap
from agentx_site.management.commands.bootstrap import install_bundled
from plugins_app.models import Plugin, PluginRelease
from plugins_app.services import set_desired
from plugins_app.services.acceptance import accept_folder
from security.principals import system

US = system("test")
AT_FIRST = {
    "conformance": "stopped",
    "echo": "running",
    "echo-node": "stopped",
    "slow-echo": "running",
}


def wanted() -> dict[str, str]:
    return dict(Plugin.objects.values_list("slug", "desired"))


def refuse(told: str) -> None:
    pytest.fail(told)


@pytest.mark.django_db
def test_bundled_plugins_start_unless_their_manifest_says_otherwise():
    install_bundled(US, refuse)
    assert wanted() == AT_FIRST


@pytest.mark.django_db
def test_what_somebody_wants_stays_wanted_at_the_next_start():
    install_bundled(US, refuse)
    set_desired(US, "conformance", Plugin.Desired.RUNNING)
    set_desired(US, "echo", Plugin.Desired.STOPPED)
    install_bundled(US, refuse)
    assert wanted() == AT_FIRST | {"echo": "stopped", "conformance": "running"}


@pytest.mark.django_db
def test_what_did_not_change_is_left_alone_and_what_did_takes_over(tmp_path, monkeypatch):
    shutil.copytree(bootstrap.PLUGINS / "echo", tmp_path / "echo")
    monkeypatch.setattr(bootstrap, "PLUGINS", tmp_path)
    for _ in range(2):
        install_bundled(US, refuse)
    (release,) = PluginRelease.objects.all()
    assert (release.source, release.path, release.trust) == ("bundled", "", "trusted")
    (tmp_path / "echo" / "main.py").write_text("# another\n")
    install_bundled(US, refuse)
    echo = Plugin.objects.get()
    assert echo.release_id == release.id
    assert echo.next_release is not None  # once a node has prepared it: echo is to run


@pytest.mark.django_db
def test_what_an_operator_put_in_its_place_stays(tmp_path):
    install_bundled(US, refuse)
    shutil.copytree(bootstrap.PLUGINS / "conformance", tmp_path / "own")
    (tmp_path / "own" / "main.py").write_text("# their own\n")
    theirs = accept_folder(US, tmp_path / "own")
    PluginRelease.objects.filter(source="bundled", plugin=theirs).delete()
    install_bundled(US, refuse)
    theirs.refresh_from_db()
    assert theirs.release.source == "package"
    assert theirs.releases.count() == 1
