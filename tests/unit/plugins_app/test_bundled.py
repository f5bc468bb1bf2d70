"""What ships in plugins/: installed at the first start, and started unless it says otherwise."""

import pytest

from agentx_site.management.commands.bootstrap import install_bundled
from plugins_app.models import Plugin
from plugins_app.services import set_desired
from security.principals import system

US = system("test")


def wanted() -> dict[str, str]:
    return dict(Plugin.objects.values_list("slug", "desired"))


def refuse(told: str) -> None:
    pytest.fail(told)


@pytest.mark.django_db
def test_bundled_plugins_start_unless_their_manifest_says_otherwise():
    install_bundled(US, refuse)
    assert wanted() == {"echo": "running", "slow-echo": "running", "conformance": "stopped"}


@pytest.mark.django_db
def test_what_somebody_wants_stays_wanted_at_the_next_start():
    install_bundled(US, refuse)
    set_desired(US, "conformance", Plugin.Desired.RUNNING)
    set_desired(US, "echo", Plugin.Desired.STOPPED)
    install_bundled(US, refuse)
    assert wanted() == {"echo": "stopped", "slow-echo": "running", "conformance": "running"}
