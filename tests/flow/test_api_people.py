"""/api/v1: who am I, keys, users, roles, audit."""

from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from security.models import ApiKey, AuditEvent, User
from security.verdicts import verdicts
from tests.callers import Api, client_with, problem
from tests.factories import PASSWORD, expire, make_key, make_user

pytestmark = pytest.mark.django_db


def test_a_caller_learns_who_it_is(api: Api) -> None:
    me = api("developer").get("/api/v1/me").json()
    assert (me["kind"], me["roles"]) == ("key", ["developer"])
    assert "agents.call" in me["permissions"]
    assert problem(api(None).get("/api/v1/me"), 401) == "not_authenticated"


def test_a_key_is_shown_once_and_works(api: Api) -> None:
    client = api("admin")
    answer = client.post("/api/v1/keys", {"name": "ci", "role": "developer"}, format="json")
    assert answer.status_code == 201
    made = answer.json()
    assert client_with(made["key"]).get("/api/v1/me").json()["id"] == made["id"]
    assert made["key"] not in client.get("/api/v1/keys").content.decode()
    assert AuditEvent.objects.filter(action="key.created", target=made["prefix"]).exists()


def test_the_other_header_works_too() -> None:
    client = APIClient(headers={"X-API-Key": make_key()[1]})
    assert client.get("/api/v1/me").status_code == 200


def test_a_revoked_key_is_refused(api: Api) -> None:
    owner = make_user("ada", "admin")
    key, text = make_key(owner, role="admin")
    client = client_with(text)
    assert client.delete(f"/api/v1/keys/{key.id}").status_code == 204
    verdicts.forget()  # what the news of the revocation does in every process
    assert problem(client.get("/api/v1/me"), 401) == "not_authenticated"
    assert AuditEvent.objects.filter(action="key.revoked", target=key.prefix).exists()


def test_an_expired_key_is_refused() -> None:
    key, text = make_key()
    expire(key)
    assert problem(client_with(text).get("/api/v1/me"), 401) == "not_authenticated"


def test_a_key_is_refused_after_its_owner_was_disabled(api: Api) -> None:
    make_key(make_user("dora", "developer"), role="developer")
    client = api("admin")
    assert client.post("/api/v1/users/dora/disable").json()["is_active"] is False
    _, text = make_key(User.objects.get(username="dora"), role="developer")
    problem(client_with(text).get("/api/v1/me"), 401)
    assert client.post("/api/v1/users/dora/enable").json()["is_active"] is True
    assert client_with(text).get("/api/v1/me").status_code == 200


@pytest.mark.parametrize(
    "key", ["", "nonsense", "agx_", "agx_0000000000_x", "agx__", "Bearer", "agx_é_x", "x" * 5000]
)
def test_nonsense_is_no_key(key: str) -> None:
    answer = client_with(key).get("/api/v1/me")
    assert problem(answer, 401) == "not_authenticated"
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_a_right_prefix_with_a_wrong_secret_is_refused() -> None:
    _, text = make_key()
    problem(client_with(text[:-1] + ("A" if text[-1] != "A" else "B")).get("/api/v1/me"), 401)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"role": "emperor"}, "role"),
        ({"expires": "yesterday"}, "expires"),
        ({"expires": (timezone.now() - timedelta(days=1)).isoformat()}, "expires"),
    ],
)
def test_a_bad_key_says_which_field(api: Api, change: dict[str, str], field: str) -> None:
    body = {"name": "ci", "role": "developer"} | change
    answer = api("admin").post("/api/v1/keys", body, format="json")
    assert problem(answer, 400) == "invalid_input"
    assert field in answer.json()["fields"]


def test_a_person_makes_keys_for_themselves_and_none_that_may_more() -> None:
    client = APIClient()
    client.force_login(make_user("dora", "developer"))
    body = {"name": "x", "role": "developer"}
    assert client.post("/api/v1/keys", body, format="json").json()["owner"] == "dora"
    answer = client.post("/api/v1/keys", body | {"role": "admin"}, format="json")
    assert problem(answer, 403) == "forbidden"
    assert [row["name"] for row in client.get("/api/v1/keys").json()["results"]] == ["x"]


def test_a_leaked_key_cannot_outlive_itself_through_another(api: Api) -> None:
    body = {"name": "x", "role": "developer"}
    problem(api("developer").post("/api/v1/keys", body, format="json"), 403)
    assert not ApiKey.objects.filter(name="x").exists()


def test_a_session_needs_the_csrf_token() -> None:
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(make_user("dora", "developer"))
    answer = client.post("/api/v1/keys", {"name": "x", "role": "developer"}, format="json")
    assert problem(answer, 403) == "forbidden"
    assert "CSRF" in answer.json()["detail"]
    assert client.get("/api/v1/me").status_code == 200


def test_somebody_elses_key_looks_missing(api: Api) -> None:
    other, _ = make_key(make_user("dora", "developer"))
    assert problem(api("developer").delete(f"/api/v1/keys/{other.id}"), 404) == "not_found"
    assert api("developer", "dev2").get("/api/v1/keys").json()["results"] == []


def test_users_come_and_get_roles(api: Api) -> None:
    client = api("admin")
    body = {"username": "vera", "password": PASSWORD, "role": "viewer"}
    assert client.post("/api/v1/users", body, format="json").json()["roles"] == ["viewer"]
    assert problem(client.post("/api/v1/users", body, format="json"), 409) == "conflict"
    role = {"role": "operator"}
    answer = client.put("/api/v1/users/vera/role", role, format="json")
    assert answer.json()["roles"] == ["operator"]
    listed = client.get("/api/v1/users").json()["results"]
    assert {row["username"]: row["roles"] for row in listed}["vera"] == ["operator"]
    assert PASSWORD not in str(list(AuditEvent.objects.values()))


@pytest.mark.parametrize(
    "change",
    [{"password": "short"}, {"username": "no spaces"}, {"role": "emperor"}, {"email": "x"}],
)
def test_a_bad_user_is_refused(api: Api, change: dict[str, str]) -> None:
    body = {"username": "vera", "password": PASSWORD, "role": "viewer"} | change
    assert problem(api("admin").post("/api/v1/users", body, format="json"), 400) == "invalid_input"
    assert not User.objects.filter(username="vera").exists()


def test_an_unknown_user_is_missing(api: Api) -> None:
    assert problem(api("admin").post("/api/v1/users/nobody/disable"), 404) == "not_found"


@pytest.mark.parametrize("path", ["users", "audit", "roles"])
def test_a_viewer_may_not_see_people_or_deeds(api: Api, path: str) -> None:
    assert problem(api("viewer").get(f"/api/v1/{path}"), 403) == "forbidden"


def test_roles_are_listed(api: Api) -> None:
    rows = api("admin").get("/api/v1/roles").json()["results"]
    names = [row["name"] for row in rows]
    assert names == ["admin", "auditor", "developer", "operator", "viewer"]


def test_the_audit_is_filtered(api: Api) -> None:
    api("admin").post("/api/v1/keys", {"name": "ci", "role": "viewer"}, format="json")
    auditor = api("auditor")
    rows = auditor.get("/api/v1/audit", {"action": "key.", "actor": "owner-of-admin/a program"})
    (row,) = rows.json()["results"]
    assert (row["action"], row["after"]["name"], row["source_ip"]) == (
        "key.created",
        "ci",
        "127.0.0.1",
    )
    assert row["request_id"]
    assert auditor.get("/api/v1/audit", {"target": "nothing"}).json()["results"] == []
    assert "since" in auditor.get("/api/v1/audit", {"since": "once"}).json()["fields"]
