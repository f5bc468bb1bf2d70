"""From a key to a principal, remembered for a few seconds and no longer than the key."""

import time
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from security import verdicts as module
from security.errors import NotAuthenticated
from security.models import ApiKey, RoleBinding, User
from security.principals import system
from security.selectors import key_principal
from security.services import revoke_api_key, set_user_role
from security.verdicts import REFUSAL, Verdicts
from tests.factories import expire, make_key, make_user

pytestmark = pytest.mark.django_db


def test_a_judged_key_is_remembered_without_a_query(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    _, text = make_key()
    memory = Verdicts()
    principal = memory.judge(text)
    with django_assert_num_queries(0):
        assert memory.remembered(text) == principal
    assert memory.remembered(text + "x") is None


def test_a_verdict_is_forgotten_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    _, text = make_key()
    memory = Verdicts()
    memory.judge(text)
    later = time.monotonic() + module.LIFE_SECONDS + 0.1
    monkeypatch.setattr("security.verdicts.time.monotonic", lambda: later)
    assert memory.remembered(text) is None


def test_a_verdict_does_not_outlive_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    key, text = make_key()
    ApiKey.objects.filter(id=key.id).update(expires=timezone.now() + timedelta(seconds=1))
    memory = Verdicts()
    memory.judge(text)
    later = time.monotonic() + 1.1
    monkeypatch.setattr("security.verdicts.time.monotonic", lambda: later)
    assert memory.remembered(text) is None


def test_what_was_judged_before_news_came_is_not_remembered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, text = make_key()
    memory = Verdicts()

    def revoked_meanwhile(row: ApiKey) -> object:
        memory.forget()
        return key_principal(row)

    monkeypatch.setattr("security.verdicts.key_principal", revoked_meanwhile)
    memory.judge(text)
    assert memory.remembered(text) is None


def test_the_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_REMEMBERED", 2)
    owner = make_user("dora", "developer")
    memory = Verdicts()
    texts = [make_key(owner, name=str(n))[1] for n in range(3)]
    for text in texts:
        memory.judge(text)
    assert [memory.remembered(text) is None for text in texts] == [True, False, False]


def test_every_bad_key_gets_the_same_sentence() -> None:
    expired, revoked, orphan = (make_key(make_user(n, "developer")) for n in "abc")
    expire(expired[0])
    revoke_api_key(system("tests"), revoked[0].id)
    User.objects.filter(username="c").update(is_active=False)
    wrong = make_key(make_user("d", "developer"))[1][:-1]
    memory = Verdicts()
    for text in (expired[1], revoked[1], orphan[1], wrong, "agx_no_such", "nonsense", ""):
        with pytest.raises(NotAuthenticated) as refusal:
            memory.judge(text)
        assert refusal.value.message == REFUSAL


def test_a_key_never_may_more_than_its_owner() -> None:
    owner = make_user("ada", "admin")
    make_user("anna", "admin")
    _, text = make_key(owner, role="admin")
    assert "users.manage" in Verdicts().judge(text).permissions
    set_user_role(system("tests"), "ada", "viewer")
    principal = Verdicts().judge(text)
    assert "users.manage" not in principal.permissions
    assert "agents.view" in principal.permissions
    RoleBinding.objects.filter(user=owner).delete()
    assert Verdicts().judge(text).permissions == frozenset()


def test_its_use_is_noted_once_a_minute() -> None:
    key, text = make_key()
    Verdicts().judge(text)
    key.refresh_from_db()
    first = key.last_used
    assert first is not None
    Verdicts().judge(text)
    key.refresh_from_db()
    assert key.last_used == first
