"""Coming in and going out: guessing is slowed down, a session ends everywhere, and it is written down."""

from collections.abc import Iterator

import pytest
import redis
from django.conf import settings
from django.http import HttpResponse
from django.test import Client

from security import services, throttle
from security.models import AuditEvent, User
from security.principals import system
from security.sessions import judge_session
from security.throttle import LOGIN, LOGIN_ADDRESS
from tests.callers import client_with, problem
from tests.factories import PASSWORD, make_key, make_user

pytestmark = pytest.mark.django_db
HERE = "192.0.2.1"
ELSEWHERE = "192.0.2.2"


@pytest.fixture(autouse=True)
def nothing_counted() -> Iterator[None]:
    client = redis.Redis.from_url(settings.REDIS_URL)
    yield
    if keys := client.keys(f"{throttle.PREFIX}*"):
        client.delete(*keys)
    client.close()


@pytest.fixture
def tina() -> User:
    return make_user("tina", "viewer")


def log_in(password: str, name: str = "tina", address: str = HERE) -> HttpResponse:
    form = {"username": name, "password": password}
    return Client(REMOTE_ADDR=address).post("/login/", form)


def guess(times: int, name: str = "tina", address: str = HERE) -> list[int]:
    return [log_in("wrong", name, address).status_code for _ in range(times)]


def test_after_five_guesses_even_the_right_password_waits(tina: User) -> None:
    assert guess(LOGIN.limit) == [200] * LOGIN.limit
    refused = log_in(PASSWORD)
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= LOGIN.seconds
    assert "Too many failed attempts" in refused.content.decode()
    assert "sessionid" not in refused.cookies


def test_others_and_elsewhere_are_not_kept_waiting(tina: User) -> None:
    make_user("tom", "viewer")
    guess(LOGIN.limit + 1)
    assert log_in(PASSWORD, "tom").status_code == 302
    assert log_in(PASSWORD, address=ELSEWHERE).status_code == 302


def test_whether_a_name_exists_makes_no_difference(tina: User) -> None:
    assert guess(LOGIN.limit + 1) == guess(LOGIN.limit + 1, name="nobody")


def test_the_right_password_clears_the_count(tina: User) -> None:
    guess(LOGIN.limit - 1)
    assert log_in(PASSWORD).status_code == 302
    assert guess(LOGIN.limit) == [200] * LOGIN.limit


def test_one_address_cannot_try_every_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "LOGIN_ADDRESS", throttle.Throttle("few", 3, 60))
    assert [guess(1, name=f"n{i}")[0] for i in range(5)] == [200, 200, 200, 429, 429]
    assert LOGIN_ADDRESS.limit > LOGIN.limit


def test_without_redis_everybody_may_try(tina: User, monkeypatch: pytest.MonkeyPatch) -> None:
    away = redis.Redis(port=1, retry=None)
    monkeypatch.setattr(throttle, "_client", lambda: away)
    assert guess(LOGIN.limit + 1) == [200] * (LOGIN.limit + 1)
    assert log_in(PASSWORD).status_code == 302


def test_it_is_written_down_but_never_what_may_be_a_password(tina: User) -> None:
    log_in("wrong")
    log_in("tina", name=PASSWORD)
    log_in(PASSWORD)
    told = AuditEvent.objects.filter(action__startswith="login.").order_by("id")
    assert [(e.action, e.outcome, e.target, e.actor_label, e.source_ip) for e in told] == [
        ("login.refused", "refused", "tina", "anonymous", HERE),
        ("login.refused", "refused", "", "anonymous", HERE),
        ("login.done", "done", "tina", "tina", HERE),
    ]


def test_a_guess_that_waits_fills_no_audit(tina: User) -> None:
    guess(LOGIN.limit + 20)
    assert AuditEvent.objects.filter(action="login.refused").count() == LOGIN.limit


def test_who_is_locked_out_learns_nothing_by_trying(tina: User) -> None:
    tina.is_active = False
    tina.save()
    right, wrong = log_in(PASSWORD), log_in("wrong")
    assert right.status_code == wrong.status_code == 200
    assert "inactive" not in right.content.decode()


def test_logging_in_makes_a_new_session_id(tina: User) -> None:
    browser = Client()
    browser.cookies["sessionid"] = "chosen-by-somebody-else-entirely"
    browser.post("/login/", {"username": "tina", "password": PASSWORD})
    assert browser.cookies["sessionid"].value != "chosen-by-somebody-else-entirely"


def test_logging_out_ends_the_session_for_good(tina: User) -> None:
    browser = Client()
    browser.force_login(tina)
    stolen = {"sessionid": browser.cookies["sessionid"].value}
    assert browser.get("/api/v1/me").json()["label"] == "tina"
    browser.post("/logout/")
    thief = Client()
    thief.cookies.load(stolen)
    assert problem(thief.get("/api/v1/me"), 401) == "not_authenticated"
    assert judge_session(stolen).is_anonymous


@pytest.mark.parametrize("deed", ["/logout/", "/password_change/"])
def test_every_process_is_told_that_a_session_ended(
    tina: User, deed: str, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks
) -> None:
    told: list[str] = []
    monkeypatch.setattr("security.news.publish", lambda topic, payload=None: told.append(topic))
    browser = Client()
    browser.force_login(tina)
    new = "an entirely other password"
    form = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    with django_capture_on_commit_callbacks(execute=True):
        assert browser.post(deed, form).status_code in (200, 302)
    assert "keys" in told


def test_who_is_disabled_is_out_everywhere_at_once(tina: User) -> None:
    browser = Client()
    browser.force_login(tina)
    services.set_user_active(system("tests"), "tina", False)
    assert problem(browser.get("/api/v1/me"), 401)
    assert browser.get("/").status_code == 302
    assert judge_session({"sessionid": browser.cookies["sessionid"].value}).is_anonymous
    assert log_in(PASSWORD).status_code == 200  # the form again


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", r"\\evil.example", "javascript:alert(1)"]
)
def test_logging_in_leads_to_no_other_site(tina: User, target: str) -> None:
    form = {"username": "tina", "password": PASSWORD, "next": target}
    for address in ("/login/", f"/login/?next={target}"):
        assert Client().post(address, form)["Location"] == "/"


def test_wrong_keys_are_slowed_down_and_right_ones_are_not(
    tina: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("security.verdicts.KEYS", throttle.Throttle("few", 3, 60))
    wrong = client_with("agx_0000000000_nobody")
    assert [wrong.get("/api/v1/me").status_code for _ in range(4)] == [401, 401, 401, 429]
    slowed = wrong.get("/api/v1/me")
    assert problem(slowed, 429) == "too_many_requests"
    assert int(slowed["Retry-After"]) > 0
    assert client_with(make_key(tina, role="viewer")[1]).get("/api/v1/me").status_code == 200
