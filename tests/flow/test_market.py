"""The registry over the API, and other registries: a folder, a web server, another AgentX."""

import base64
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django.live_server_helper import LiveServer

from plugins_app.errors import InvalidRegistry, PackageNotFound
from plugins_app.fetching import taking
from plugins_app.fetching.folder import publish_to
from plugins_app.fetching.registries import registries, registry_named
from plugins_app.models import Package, Plugin
from plugins_app.packages import index, signing
from security.models import AuditEvent
from tests.callers import Api, console, problem
from tests.factories import make_key, make_user
from tests.packing import built, entry, manifest, tarred

pytestmark = pytest.mark.django_db


def body(package: Any, **more: Any) -> dict[str, Any]:
    content = package if isinstance(package, bytes) else package.content
    return {"package": base64.b64encode(content).decode(), **more}


def publish(client: Any, package: Any, status: int = 201, **more: Any) -> dict[str, Any]:
    answer = client.post("/api/v1/market", body(package, **more), format="json")
    assert answer.status_code == status, answer.content
    return dict(answer.json())


def load(client: Any, **given: Any) -> Any:
    return client.post("/api/v1/plugins/load", given, format="json")


def test_a_package_is_published_found_and_installed(api: Api, tmp_path: Path) -> None:
    author, admin = api("developer"), api("admin")
    told = manifest(capabilities=["weather"], framework="acme")
    package = built(tmp_path, told, README__md="# Hi")
    made = publish(author, package)
    assert (made["name"], made["trust"], made["published_by"]) == (
        "packed", "public", "owner-of-developer",
    )  # fmt: skip
    assert publish(author, package)["id"] == made["id"]  # the same again changes nothing
    for search in ("weather", "acme", "the plugin", "packed weather"):
        found = admin.get("/api/v1/market", {"search": search}).json()["results"]
        assert [row["name"] for row in found] == ["packed"], search
    assert not admin.get("/api/v1/market", {"search": "packed rain"}).json()["results"]
    assert not admin.get("/api/v1/market", {"trust": "trusted"}).json()["results"]
    assert admin.get("/api/v1/market", {"capability": "weather"}).json()["results"]

    answer = load(admin, name="packed")
    assert answer.status_code == 201, answer.content
    assert answer.json()["version"] == "1.0.0"
    shown = admin.get("/api/v1/market/packed").json()
    assert (shown["readme"], shown["installed"], shown["all_downloads"]) == ("# Hi", "1.0.0", 1)
    assert Plugin.objects.get().release.source == "market"


def test_an_uploaded_file_is_installed(api: Api, tmp_path: Path) -> None:
    package = built(tmp_path, manifest(config_schema={"properties": {"a": {"type": "integer"}}}))
    file = SimpleUploadedFile("packed.agentx.tar.gz", package.content)
    answer = api("admin").post("/api/v1/plugins/load", {"package": file, "config": '{"a": 1}'})
    assert answer.status_code == 201, answer.content
    assert Plugin.objects.get().config == {"a": 1}


def test_a_hostile_upload_is_refused_and_audited(api: Api) -> None:
    answer = load(api("admin"), **body(tarred(entry("../../evil"))))
    assert problem(answer, 400) == "invalid_package"
    assert "leads out of the package" in answer.json()["detail"]
    event = AuditEvent.objects.get(action="package.refused")
    assert (event.outcome, event.actor_label.partition("/")[0]) == ("refused", "owner-of-admin")
    file = SimpleUploadedFile("x", b"no package")
    assert problem(api("admin").post("/api/v1/plugins/load", {"package": file}), 400)


def test_a_wrong_signature_is_refused_and_audited(api: Api, tmp_path: Path) -> None:
    signature = signing.sign(signing.new_key()[0], built(tmp_path).sha256)
    package = built(tmp_path / "again")
    answer = load(api("admin"), **body(package, signature=signature))
    assert problem(answer, 403) == "signature_refused"
    assert AuditEvent.objects.filter(action="package.refused", target="packed").count() == 1
    assert not Package.objects.exists()


def test_only_one_source_is_taken(api: Api, tmp_path: Path) -> None:
    for given in ({}, {"name": "a", "path": "/x"}, {"package": "!!"}, {"name": "no such name!"}):
        assert load(api("admin"), **given).status_code == 400
    assert problem(load(api("admin"), name="nothing"), 404) == "package_not_found"


def test_a_version_is_published_once(api: Api, tmp_path: Path) -> None:
    author = api("developer")
    publish(author, built(tmp_path))
    other = built(tmp_path / "other", README__md="changed")
    answer = author.post("/api/v1/market", body(other), format="json")
    assert problem(answer, 409) == "conflict"
    assert "raise its version" in answer.json()["detail"]


def test_a_name_belongs_to_who_published_it_first(api: Api, tmp_path: Path) -> None:
    publish(api("developer"), built(tmp_path))
    stranger = api("developer", "mallory")
    newer = built(tmp_path, manifest(version="1.0.1"))
    answer = stranger.post("/api/v1/market", body(newer), format="json")
    assert problem(answer, 403) == "forbidden"
    publish(api("admin"), newer)  # who may install may publish


def test_a_yanked_version_is_chosen_by_no_range(api: Api, tmp_path: Path) -> None:
    admin = api("admin")
    for version in ("1.0.0", "1.1.0", "2.0.0rc1"):
        publish(admin, built(tmp_path, manifest(version=version)))
    assert admin.get("/api/v1/market/packed").json()["version"] == "1.1.0"
    yanked = admin.post("/api/v1/market/packed/1.1.0/yank", {"reason": "It burns."}, format="json")
    assert yanked.json()["yank_reason"] == "It burns."
    assert admin.get("/api/v1/market/packed").json()["version"] == "1.0.0"
    assert load(admin, name="packed", version="^1").json()["version"] == "1.0.0"
    pinned = load(admin, name="packed", version="1.1.0").json()
    assert pinned["version"] == "1.1.0"
    assert pinned["warnings"] == ["This version was yanked: It burns."]
    admin.post("/api/v1/market/packed/1.1.0/unyank")
    assert admin.get("/api/v1/market/packed").json()["version"] == "1.1.0"


def test_somebody_elses_version_is_not_yanked(api: Api, tmp_path: Path) -> None:
    publish(api("admin"), built(tmp_path))
    given = {"reason": "mine now"}
    path = "/api/v1/market/packed/1.0.0/yank"
    assert problem(api("developer").post(path, given, format="json"), 403)


def test_one_rating_per_person(api: Api, tmp_path: Path) -> None:
    publish(api("developer"), built(tmp_path))
    path = "/api/v1/market/packed/ratings"
    for stars in (1, 5):
        api("admin").post(path, {"stars": stars, "comment": "Hm."}, format="json")
    api("viewer").post(path, {"stars": 2}, format="json")
    rows = api("viewer").get(path).json()["results"]
    assert {(row["person"], row["stars"]) for row in rows} == {
        ("owner-of-admin", 5), ("owner-of-viewer", 2),
    }  # fmt: skip
    (listed,) = api("viewer").get("/api/v1/market").json()["results"]
    assert (listed["stars"], listed["ratings"]) == (3.5, 2)
    assert problem(api("viewer").post(path, {"stars": 6}, format="json"), 400)
    nothing = api("viewer").post("/api/v1/market/nothing/ratings", {"stars": 1}, format="json")
    assert problem(nothing, 404) == "package_not_found"


def test_more_trust_waits_for_somebody_else(api: Api, tmp_path: Path) -> None:
    author, other = api("admin"), api("admin", "bob")
    made = publish(author, built(tmp_path, manifest(trust="trusted")))
    assert (made["trust"], made["wanted_trust"], made["review"]) == ("public", "trusted", "pending")
    assert [row["id"] for row in other.get("/api/v1/packages/reviews").json()["results"]] == [
        made["id"]
    ]
    path = f"/api/v1/packages/{made['id']}/review"
    own = author.post(path, {"approved": True}, format="json")
    assert problem(own, 403) == "forbidden"
    given = {"approved": True, "trust": "verified", "note": "Read it all."}
    reviewed = other.post(path, given, format="json").json()
    assert (reviewed["trust"], reviewed["review"]) == ("verified", "approved")
    assert load(author, name="packed").json()["trust"] == "verified"
    (review,) = author.get("/api/v1/market/packed").json()["reviews"]
    assert (review["reviewer"], review["note"]) == ("bob", "Read it all.")
    other.post(path, {"approved": False}, format="json")
    assert Plugin.objects.get().trust == "public"


def test_a_publishers_key_lends_trust_until_it_is_revoked(api: Api, tmp_path: Path) -> None:
    admin = api("admin")
    private, public = signing.new_key()
    given = {"name": "ada", "public_key": public, "trust": "trusted"}
    key = admin.post("/api/v1/publisher-keys", given, format="json").json()
    assert problem(admin.post("/api/v1/publisher-keys", given, format="json"), 409)
    bad = {"name": "bad", "public_key": "AAAA"}
    assert problem(admin.post("/api/v1/publisher-keys", bad, format="json"), 400) == "invalid_key"
    package = built(tmp_path, manifest(trust="internal"))
    signature = signing.sign(private, package.sha256)
    made = publish(api("developer"), package, signature=signature)
    assert (made["trust"], made["signer"], made["review"]) == ("trusted", "ada", "pending")
    revoked = admin.post(f"/api/v1/publisher-keys/{key['id']}/revoke")
    assert revoked.json()["revoked"]
    assert admin.get("/api/v1/market/packed").json()["trust"] == "public"
    assert problem(load(admin, name="packed"), 403) == "signature_refused"


def test_a_download_is_the_package_and_is_counted(api: Api, tmp_path: Path) -> None:
    package = built(tmp_path)
    publish(api("admin"), package)
    answer = api("viewer").get("/api/v1/market/packed/1.0.0/download")
    assert answer.content == package.content
    assert answer["X-AgentX-Sha256"] == package.sha256
    assert "packed-1.0.0.agentx.tar.gz" in answer["Content-Disposition"]
    assert Package.objects.get().downloads == 1


def test_a_bundled_plugin_is_installed_by_its_name(api: Api) -> None:
    made = load(api("admin"), name="slow-echo").json()
    assert (made["name"], Plugin.objects.get().release.source) == ("slow-echo", "bundled")


class Served:
    """A folder behind a real web server, as any web server would serve it."""

    def __init__(self, folder: Path) -> None:
        handler = partial(_Quiet, directory=str(folder))
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever)

    def __enter__(self) -> str:
        self._thread.start()
        return self.url

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def shared(tmp_path: Path, settings: Any) -> Path:
    """A static folder with two versions, which this AgentX knows as `shared`."""
    folder = tmp_path / "registry"
    for version in ("1.0.0", "1.2.0"):
        publish_to(folder, built(tmp_path, manifest("elsewhere", version)))
    settings.PLUGIN_REGISTRIES = [f"shared={folder}"]
    taking._seen.clear()
    return folder


def test_a_folder_is_a_registry(api: Api, shared: Path) -> None:
    admin = api("admin")
    (row,) = admin.get("/api/v1/registries").json()
    assert row == {"name": "shared", "address": str(shared)}
    (found,) = admin.get("/api/v1/registries/shared/packages", {"search": "else"}).json()
    assert (found["name"], found["version"]) == ("elsewhere", "1.2.0")
    assert load(admin, name="elsewhere", version="~1.0").json()["version"] == "1.0.0"
    assert load(admin, name="elsewhere").json()["version"] == "1.2.0"
    missing = load(admin, name="elsewhere", version="^3", registry="shared")
    assert problem(missing, 404) == "package_not_found"
    unknown = load(admin, name="elsewhere", registry="http://evil.example/")
    assert problem(unknown, 404) == "package_not_found"


def test_a_folder_is_written_so_that_it_can_be_served(tmp_path: Path, shared: Path) -> None:
    names = sorted(path.name for path in shared.iterdir() if not path.name.startswith("."))
    assert names == [
        "elsewhere-1.0.0.agentx.tar.gz", "elsewhere-1.2.0.agentx.tar.gz", "index.json",
    ]  # fmt: skip
    again = built(tmp_path / "again", manifest("elsewhere", "1.0.0"))
    publish_to(shared, again)  # the same bytes
    other = built(tmp_path / "other", manifest("elsewhere", "1.0.0"), README__md="x")
    with pytest.raises(InvalidRegistry, match="raise its version"):
        publish_to(shared, other)


def test_what_is_not_what_the_index_says_is_refused(api: Api, shared: Path) -> None:
    (shared / "elsewhere-1.2.0.agentx.tar.gz").write_bytes(tarred(entry("more")))
    answer = load(api("admin"), name="elsewhere")
    assert problem(answer, 503) == "registry_unavailable"
    assert "sha256 differs" in answer.json()["detail"]
    assert not Plugin.objects.exists()


@pytest.mark.parametrize("file", ["../secret", "/etc/passwd", "http://evil.example/x", "a/../../x"])
def test_an_index_names_its_own_files_only(shared: Path, file: str, settings: Any) -> None:
    told = orjson.loads((shared / "index.json").read_bytes())
    for each in told["packages"]:
        each["file"] = file
    (shared / "index.json").write_bytes(orjson.dumps(told))
    with pytest.raises(InvalidRegistry):
        taking.take("elsewhere")
    with Served(shared.parent) as url:
        settings.WEBHOOK_ALLOW = ["127.0.0.1"]
        settings.PLUGIN_REGISTRIES = [f"{url}/registry"]
        with pytest.raises(InvalidRegistry, match="outside of it"):
            taking.take("elsewhere")


def test_a_folder_on_a_web_server_is_a_registry(api: Api, shared: Path, settings: Any) -> None:
    with Served(shared) as url:
        settings.PLUGIN_REGISTRIES = [f"far={url}"]
        private = load(api("admin"), name="elsewhere")
        assert problem(private, 503) == "registry_unavailable"
        assert "private address" in private.json()["detail"]
        settings.WEBHOOK_ALLOW = ["127.0.0.1"]
        assert load(api("admin"), name="elsewhere").json()["version"] == "1.2.0"
    taking._seen.clear()
    away = api("viewer").get("/api/v1/registries/far/packages")
    assert problem(away, 503) == "registry_unavailable"


@pytest.mark.django_db(transaction=True)
def test_another_agentx_is_a_registry(
    live_server: LiveServer, api: Api, tmp_path: Path, settings: Any
) -> None:
    publish(api("admin"), built(tmp_path, manifest("elsewhere", "1.0.0")))
    _key, text = make_key(make_user("reader", "viewer"), role="viewer")
    settings.WEBHOOK_ALLOW = ["localhost", "127.0.0.1"]
    settings.PLUGIN_REGISTRIES = [f"other={live_server.url}/api/v1/market {text}"]
    assert text not in repr(registries())
    taken = taking.take("elsewhere", "^1", registry="other")
    assert (taken.entry.version, taken.registry) == ("1.0.0", "other")
    assert index.entry_of(built(tmp_path / "b", manifest("elsewhere")), "").sha256 == (
        taken.entry.sha256
    )
    settings.PLUGIN_REGISTRIES = [f"other={live_server.url}/api/v1/market"]
    with pytest.raises(InvalidRegistry, match="answers 401"):
        taking.take("elsewhere", registry="other")


def test_only_registries_that_an_operator_named_are_asked(settings: Any) -> None:
    settings.PLUGIN_REGISTRIES = []
    with pytest.raises(PackageNotFound, match="names none"):
        registry_named("https://evil.example/")


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b'{"agentx_registry": 2, "packages": []}', b"\xff"]
)
def test_what_is_no_index_is_told(content: bytes) -> None:
    with pytest.raises(InvalidRegistry):
        index.read(content)


def test_an_index_may_hold_what_is_not_understood() -> None:
    sound = {"name": "a", "version": "1.0", "sha256": "0" * 64, "file": "a", "size": 1, "new": {}}
    broken = [
        7, {}, {**sound, "name": "../a"}, {**sound, "sha256": "x"}, {**sound, "size": 1 << 40},
        {**sound, "version": "?"}, {**sound, "file": ""},
    ]  # fmt: skip
    text = orjson.dumps({"agentx_registry": 1, "packages": [sound, *broken]})
    (only,) = index.read(text)
    assert (only.name, only.capabilities) == ("a", [])


def test_the_console_installs_with_one_click(tmp_path: Path, api: Api) -> None:
    publish(api("developer"), built(tmp_path, manifest(trust="trusted"), README__md="<b>x</b>"))
    admin = console("admin")
    page = admin.get("/catalogue/").content.decode()
    assert "slow-echo" in page  # ships with AgentX
    assert "page-package" not in page
    answer = admin.post("/packages/install/", {"name": "packed", "next": "/plugins/packed/"})
    assert answer["Location"] == "/plugins/packed/"
    shown = admin.get("/catalogue/packed/").content.decode()
    assert "&lt;b&gt;x&lt;/b&gt;" in shown
    assert "1.0.0 installed" in shown
    assert "Review" in admin.get("/packages/reviews/").content.decode()
    viewer = console("viewer")
    assert "/packages/install/" not in viewer.get("/catalogue/").content.decode()


def test_the_console_takes_a_file(tmp_path: Path) -> None:
    file = SimpleUploadedFile("p.tar.gz", built(tmp_path).content)
    answer = console("admin").post("/packages/upload/", {"package": file})
    assert answer["Location"] == "/plugins/packed/releases/"  # how far it is
    bad = SimpleUploadedFile("p.tar.gz", tarred(entry("../x")))
    refused = console("admin").post("/packages/upload/", {"package": bad})
    assert refused.status_code == 200
    assert "leads out of the package" in refused.content.decode()


def test_the_console_shows_another_registry(shared: Path) -> None:
    page = console("admin").get("/catalogue/?registry=shared").content.decode()
    assert "elsewhere" in page
    (shared / "index.json").unlink()
    taking._seen.clear()
    page = console("admin").get("/catalogue/?registry=shared").content.decode()
    assert "cannot be read" in page
