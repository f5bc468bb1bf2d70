"""The one door in: what becomes of a package, and what is refused with nothing left behind."""

import pytest

from plugins_app.errors import (
    AgentTaken,
    InvalidConfig,
    InvalidManifest,
    InvalidPackage,
    Needed,
    NotSigned,
)
from plugins_app.models import Package, Plugin, PluginEvent, PluginRelease
from plugins_app.packages import signing
from plugins_app.services import acceptance, dependencies, reviews, set_desired
from plugins_app.services.acceptance import accept, accept_folder
from security.errors import Forbidden
from security.models import AuditEvent
from security.principals import ANONYMOUS, system
from security.selectors import user_principal
from tests.factories import make_plugin, make_user
from tests.packing import built, entry, folder, manifest, tarred

pytestmark = pytest.mark.django_db
ADMIN = system("tests")
Source = PluginRelease.Source


def refusals():
    found = AuditEvent.objects.filter(outcome="refused").order_by("time")
    return [(event.action, event.target, event.after["code"]) for event in found]


def signed(package, trust="trusted", name="ada"):
    """The package's signature by a new key that is known here."""
    private, public = signing.new_key()
    key = reviews.add_publisher_key(ADMIN, name=name, public_key=public, level=trust)
    return key, signing.sign(private, package.sha256)


def test_a_package_becomes_a_plugin(tmp_path):
    package = built(tmp_path, manifest(replicas=2, config={"a": 1}))
    plugin = accept(ADMIN, package.content)
    release = plugin.release
    assert (plugin.slug, plugin.desired, plugin.desired_replicas) == ("packed", "stopped", 2)
    assert plugin.config == {"a": 1}
    assert (release.version, release.source, release.path) == ("1.0.0", "package", "")
    assert release.digest == package.contents
    assert release.package.digest == package.sha256
    assert bytes(release.package.file.content) == package.content
    assert [hosted.agent.slug for hosted in plugin.hosted_agents.all()] == ["packed"]
    assert plugin.events.filter(type=PluginEvent.Type.INSTALLED).count() == 1
    assert AuditEvent.objects.filter(action="plugin.installed", target="packed").count() == 1


def test_the_same_package_is_kept_once(tmp_path):
    package = built(tmp_path)
    first = accept(ADMIN, package.content)
    again = accept(ADMIN, package.content)
    assert first.release_id == again.release_id
    assert Package.objects.count() == PluginRelease.objects.count() == 1


def test_what_an_author_saves_again_and_again_does_not_pile_up(tmp_path, settings):
    settings.KEPT_RELEASES = 2
    for number in range(5):
        again = built(tmp_path / str(number), main__py=f"# {number}")
        plugin = accept(ADMIN, again.content)
    assert plugin.release.digest == again.contents
    assert plugin.releases.count() == 2


def test_a_folder_is_packed_first(tmp_path):
    plugin = accept_folder(ADMIN, folder(tmp_path))
    assert plugin.release.package is not None
    assert plugin.release.path == ""


def test_who_may_not_install_is_refused(tmp_path):
    operator = user_principal(make_user("olga", "operator"))
    with pytest.raises(Forbidden):
        accept(operator, built(tmp_path).content)
    assert not Package.objects.exists()


def test_a_hostile_package_leaves_an_audit_line_and_nothing_else():
    with pytest.raises(InvalidPackage):
        accept(ADMIN, tarred(entry("../../etc/cron.d/evil")))
    assert refusals() == [("package.refused", "unknown", "invalid_package")]
    assert not Package.objects.exists()
    assert not Plugin.objects.exists()


def test_an_executable_outside_of_the_package_is_refused(tmp_path):
    told = manifest(runtime={"language": "other", "executable": "../../bin/sh"})
    with pytest.raises(InvalidManifest, match="lies outside of the package"):
        accept(ADMIN, tarred(told=told))
    assert refusals() == [("package.refused", "unknown", "invalid_manifest")]


@pytest.mark.parametrize("trust", ["internal", "public"])
def test_a_program_of_the_machine_is_for_agentx_itself(trust):
    told = manifest(runtime={"language": "other", "executable": "/bin/sh"}, trust=trust)
    with pytest.raises(InvalidManifest, match="lies outside of the package"):
        accept(ADMIN, tarred(told=told))
    assert not Package.objects.exists()


def test_a_program_of_the_machine_may_be_bundled():
    told = manifest(runtime={"language": "other", "executable": "/bin/sh"})
    assert accept(ADMIN, tarred(told=told), source=Source.BUNDLED).trust == "internal"


def test_what_is_unsigned_is_public(tmp_path):
    plugin = accept(ADMIN, built(tmp_path, manifest(trust="internal")).content)
    assert (plugin.trust, plugin.release.trust) == ("public", "public")
    package = plugin.release.package
    assert (package.wanted_trust, package.review) == ("internal", "pending")


def test_what_asks_for_nothing_waits_for_no_review(tmp_path):
    package = accept(ADMIN, built(tmp_path).content).release.package
    assert (package.wanted_trust, package.review) == ("", "none")


def test_what_ships_with_agentx_has_its_manifests_trust(tmp_path):
    package = built(tmp_path, manifest(trust="trusted"))
    assert accept(ADMIN, package.content, source=Source.BUNDLED).trust == "trusted"
    assert accept(ADMIN, package.content).trust == "trusted"  # the same bytes are as good


@pytest.mark.parametrize(
    ("claimed", "lent", "given"),
    [
        ("verified", "trusted", "verified"),
        ("internal", "trusted", "trusted"),
        (None, "trusted", "trusted"),
        ("public", "internal", "public"),
    ],
)
def test_a_signature_lends_the_lesser_of_claim_and_key(tmp_path, claimed, lent, given):
    package = built(tmp_path, manifest(**({"trust": claimed} if claimed else {})))
    key, signature = signed(package, lent)
    plugin = accept(ADMIN, package.content, signature=signature)
    assert plugin.trust == plugin.release.trust == given
    assert plugin.release.signer == key


def test_a_wrong_signature_is_refused(tmp_path):
    package, other = built(tmp_path), built(tmp_path, manifest(version="2.0.0"))
    accept(ADMIN, package.content)
    _key, signature = signed(other)
    with pytest.raises(NotSigned, match="wrong, or of a key that is unknown"):
        accept(ADMIN, package.content, signature=signature)
    assert refusals() == [("package.refused", "packed", "signature_refused")]
    event = PluginEvent.objects.get(type=PluginEvent.Type.REFUSED)
    assert event.plugin.slug == "packed"
    assert "unknown" in event.message


def test_a_revoked_key_lends_nothing_any_more(tmp_path):
    package = built(tmp_path, manifest(trust="trusted"))
    key, signature = signed(package)
    plugin = accept(ADMIN, package.content, signature=signature)
    set_desired(ADMIN, plugin.slug, "running")
    generation = Plugin.objects.get().generation
    reviews.revoke_publisher_key(ADMIN, key.id)
    plugin = Plugin.objects.get()
    assert (plugin.trust, plugin.release.trust) == ("public", "public")
    assert plugin.generation == generation + 1  # confined anew
    with pytest.raises(NotSigned, match="a key that was revoked"):
        accept(ADMIN, package.content)  # its signature is remembered


def test_a_review_lifts_what_is_installed(tmp_path):
    plugin = accept(ADMIN, built(tmp_path, manifest(trust="trusted")).content)
    reviewer = user_principal(make_user("ada", "admin"))
    reviews.review(reviewer, plugin.release.package_id, approved=True)
    plugin.refresh_from_db()
    assert (plugin.trust, plugin.release.package.trust) == ("trusted", "trusted")
    assert accept(ADMIN, bytes(plugin.release.package.file.content)).trust == "trusted"


def test_what_a_review_said_is_not_undone_by_coming_again(tmp_path):
    """A reviewer gave less than the key lends: neither the same bytes nor a new signature take it back."""
    package = built(tmp_path, manifest(trust="trusted"))
    _key, signature = signed(package)
    plugin = accept(ADMIN, package.content, signature=signature)
    reviewer = user_principal(make_user("ada", "admin"))
    reviews.review(reviewer, plugin.release.package_id, approved=True, level="public")
    _other, second = signed(package, name="eve")
    for again in (signature, second, ""):
        accept(ADMIN, package.content, signature=again)
        assert Package.objects.get().trust == "public"
        assert PluginRelease.objects.get().trust == "public"


def test_a_contract_that_is_not_spoken_is_refused(tmp_path):
    told = manifest()
    told["runtime"]["contracts"] = [7]
    with pytest.raises(InvalidManifest, match=r"none of the contracts .* \(1"):
        accept(ADMIN, built(tmp_path, told).content)


def test_a_version_that_nobody_can_order_is_refused(tmp_path):
    with pytest.raises(InvalidManifest, match=r"metadata\.version is no version"):
        accept(ADMIN, built(tmp_path, manifest(version="newest")).content)


def test_a_configuration_that_does_not_fit_is_refused_whole(tmp_path):
    told = manifest(config_schema={"properties": {"retries": {"type": "integer"}}})
    with pytest.raises(InvalidConfig, match="retries"):
        accept(ADMIN, built(tmp_path, told).content, config={"retries": "many"})
    assert not Plugin.objects.exists()
    assert accept(ADMIN, built(tmp_path / "b", told).content, config={"retries": 3}).config == {
        "retries": 3
    }


def test_an_upgrade_must_take_the_configuration_that_is_there(tmp_path):
    accept(ADMIN, built(tmp_path).content, config={"mode": "fast"})
    schema = {"properties": {"mode": {"enum": ["slow"]}}}
    with pytest.raises(InvalidConfig, match=r"packed 2.0.0: mode"):
        accept(ADMIN, built(tmp_path, manifest(version="2.0.0", config_schema=schema)).content)
    assert Plugin.objects.get().release.version == "1.0.0"


def test_a_configuration_that_nobody_changed_changes_with_its_manifest(tmp_path):
    accept(ADMIN, built(tmp_path, manifest(config={"mode": "fast"})).content)
    told = {
        "config": {"mode": "slow"},
        "config_schema": {"properties": {"mode": {"enum": ["slow"]}}},
    }
    plugin = accept(ADMIN, built(tmp_path, manifest(version="2.0.0", **told)).content)
    assert plugin.config == {"mode": "slow"}


def test_an_agent_of_another_plugin_is_not_taken(tmp_path):
    accept(ADMIN, built(tmp_path).content)
    thief = manifest("thief")
    thief["agents"] = [{"slug": "packed"}]
    with pytest.raises(AgentTaken):
        accept(ADMIN, built(tmp_path, thief).content)
    assert not Plugin.objects.filter(slug="thief").exists()


def needing(name, *others):
    wanted = [{"name": n, **({"version": v} if v else {})} for n, _at, v in map(_split, others)]
    return manifest(name, dependencies=wanted)


def _split(text):
    return text.partition("@")


def test_a_missing_dependency_says_what_to_install(tmp_path):
    with pytest.raises(Needed, match=r"needs base: install it first.*'base@\^1.2'"):
        accept(ADMIN, built(tmp_path, needing("app", "base@^1.2")).content)


def test_a_dependency_in_another_version_is_told(tmp_path):
    make_plugin("base", version="1.1.0")
    with pytest.raises(Needed, match=r"in version \^1.2 and finds 1.1.0"):
        accept(ADMIN, built(tmp_path, needing("app", "base@^1.2")).content)


def test_an_optional_dependency_may_be_missing(tmp_path):
    told = manifest("app", dependencies=[{"name": "base", "optional": True}])
    assert accept(ADMIN, built(tmp_path, told).content).slug == "app"


def test_a_circle_is_refused(tmp_path):
    accept(ADMIN, built(tmp_path, manifest("base")).content)
    accept(ADMIN, built(tmp_path, needing("app", "base")).content)
    circle = needing("base", "app")
    circle["metadata"]["version"] = "1.0.1"
    with pytest.raises(Needed, match=r"in a circle: (base → app → base|app → base → app)"):
        accept(ADMIN, built(tmp_path, circle).content)


def test_an_upgrade_may_not_break_who_needs_it(tmp_path):
    accept(ADMIN, built(tmp_path, manifest("base", "1.2.0")).content)
    accept(ADMIN, built(tmp_path, needing("app", "base@<2")).content)
    with pytest.raises(Needed, match=r"app needs base in version <2, which 2\.0\.0 is not"):
        accept(ADMIN, built(tmp_path, manifest("base", "2.0.0")).content)
    base = Plugin.objects.get(slug="base")
    assert dependencies.dependents(base) == ["app"]
    with pytest.raises(Needed, match="base is needed by app"):
        dependencies.require_unneeded(base)


def test_plugins_start_in_the_order_of_their_needs(tmp_path):
    accept(ADMIN, built(tmp_path, manifest("z-base")).content)
    accept(ADMIN, built(tmp_path, needing("middle", "z-base")).content)
    accept(ADMIN, built(tmp_path, needing("app", "middle", "z-base")).content)
    make_plugin("alone")
    assert dependencies.layers() == [["alone", "z-base"], ["middle"], ["app"]]


def test_plugins_in_a_circle_come_last_and_break_nothing():
    for name, other in (("a", "b"), ("b", "a")):
        make_plugin(name, manifest=needing(name, other))
    make_plugin("c")
    assert dependencies.layers() == [["c"], ["a", "b"]]


def test_nobody_known_is_asked_who_they_are(tmp_path):
    with pytest.raises(Exception, match="Log in"):
        acceptance.market_install(ANONYMOUS, "packed")
