"""The console's session in the lean lane: “try it” calls agents as the person who is logged in."""

from collections.abc import Callable

import pytest
from asgiref.sync import async_to_sync
from django.test import Client, RequestFactory

from security import services
from security.authentication import lane_caller
from security.errors import Forbidden
from security.principals import Principal, system
from security.verdicts import verdicts
from tests.factories import make_user

pytestmark = pytest.mark.django_db(transaction=True)
Ask = Callable[..., Principal]


@pytest.fixture
def ask() -> Ask:
    """`ask(csrf=…)` posts with the session of an operator, and with the CSRF cookie `token`."""
    client = Client()
    client.force_login(make_user("olga", "operator"))
    session = client.cookies["sessionid"].value

    def ask(csrf: str = "token", method: str = "POST") -> Principal:
        request = RequestFactory().generic(method, "/a2a/echo/", headers={"X-CSRFToken": csrf})
        request.COOKIES = {"sessionid": session, "csrftoken": "token"}
        return async_to_sync(lane_caller)(request)

    verdicts.forget()
    return ask


def test_the_person_is_known(ask: Ask) -> None:
    assert (ask().label, ask().roles) == ("olga", ("operator",))


@pytest.mark.parametrize("csrf", ["", "other", "token "])
def test_another_sites_page_cannot_use_it(ask: Ask, csrf: str) -> None:
    with pytest.raises(Forbidden):
        ask(csrf)
    assert ask(csrf, "GET").label == "olga"


def test_who_is_locked_out_is_nobody_at_once(ask: Ask) -> None:
    assert not ask().is_anonymous
    services.set_user_active(system("tests"), "olga", False)
    verdicts.forget()  # what the news “keys” does in every process
    assert ask().is_anonymous


def test_it_is_remembered_without_a_query(
    ask: Ask, django_assert_num_queries: Callable[..., object]
) -> None:
    ask()
    with django_assert_num_queries(0):  # type: ignore[attr-defined]
        ask()


def test_what_is_no_session_is_nobody() -> None:
    request = RequestFactory().post("/a2a/echo/")
    request.COOKIES = {"sessionid": "made-up-by-somebody-else-entirely"}
    assert async_to_sync(lane_caller)(request).is_anonymous
