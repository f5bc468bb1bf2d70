"""What ships in plugins/: installed at the first start, and started unless it says otherwise."""

import shutil

import pytest

from agentx_site.management.commands import bootstrap
from agentx_site.management.commands.bootstrap import install_bundled
from plugins_app.models import Plugin, PluginRelease, Preparation
from plugins_app.packages import archive
from plugins_app.selectors.bundled import bundled
from plugins_app.services import set_desired
from plugins_app.services.acceptance import accept_folder, install_named
from security.principals import system
from tests.factories import make_node

US = system("test")
AT_FIRST = dict.fromkeys((each.name for each in bundled()), "stopped")
AT_FIRST |= {"echo": "running", "slow-echo": "running"}


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


def ordered() -> list[str]:
    rows = Preparation.objects.order_by("release__plugin__slug")
    return list(rows.values_list("release__plugin__slug", flat=True))


@pytest.mark.django_db
def test_what_nobody_starts_costs_a_node_nothing_and_is_prepared_at_its_first_start():
    make_node()
    install_bundled(US, refuse)
    assert ordered() == ["echo", "slow-echo"]
    set_desired(US, "conformance", Plugin.Desired.RUNNING)
    assert ordered() == ["conformance", "echo", "slow-echo"]


@pytest.mark.django_db
def test_who_asks_for_a_bundled_one_by_its_name_gets_it_prepared():
    make_node()
    install_bundled(US, refuse)
    plugin = install_named(US, "conformance")
    assert plugin is not None
    assert (plugin.desired, "conformance" in ordered()) == ("stopped", True)


@pytest.mark.django_db
def test_what_is_known_is_not_packed_at_every_start(monkeypatch):
    install_bundled(US, refuse)
    monkeypatch.setattr(archive, "build", lambda folder: pytest.fail(f"{folder} is packed"))
    install_bundled(US, refuse)


def test_contents_are_called_the_same_packed_or_not():
    for each in bundled():
        assert archive.contents_of(each.folder) == archive.build(each.folder).contents
