"""Users, roles and keys: who may change them, and what is written down."""

from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction
from pytest_django import DjangoCaptureOnCommitCallbacks

from security import permissions, selectors, services
from security.errors import Conflict, Forbidden, InvalidInput, NotAuthenticated, NotFound
from security.models import ApiKey, AuditEvent, Role, User
from security.principals import ANONYMOUS, Principal, system
from security.signals import audit_recorded
from tests.factories import PASSWORD, make_key, make_user

pytestmark = pytest.mark.django_db
NEW = {"username": "vera", "password": PASSWORD, "role": "viewer"}


def test_the_built_in_roles_are_what_the_code_says() -> None:
    """By what the migrations put there: an earlier test on this worker may have truncated the rows."""
    editor = connection.schema_editor()
    import_module("security.migrations.0002_roles_and_audit_guard").add_roles(apps, editor)
    import_module("security.migrations.0004_package_permissions").add(apps, editor)
    held = {role.name: frozenset(role.permissions) for role in Role.objects.filter(builtin=True)}
    assert held == permissions.BUILTIN_ROLES


def test_a_user_is_made_with_a_hashed_password(admin: Principal) -> None:
    user = services.create_user(admin, **NEW)
    assert PASSWORD not in user.password
    assert user.check_password(PASSWORD)
    event = AuditEvent.objects.get(action="user.created")
    assert (event.target, event.after) == ("vera", {"role": "viewer"})


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"password": "short"}, InvalidInput),
        ({"password": "password1"}, InvalidInput),
        ({"username": "a b"}, InvalidInput),
        ({"role": "emperor"}, InvalidInput),
        ({"username": "ada"}, Conflict),
    ],
)
def test_a_bad_user_is_refused(
    admin: Principal, change: dict[str, str], error: type[Exception]
) -> None:
    with pytest.raises(error):
        services.create_user(admin, **(NEW | change))
    assert not User.objects.filter(username="vera").exists()


def test_nobody_locks_themselves_out(admin: Principal) -> None:
    with pytest.raises(InvalidInput):
        services.set_user_active(admin, "ada", False)


def test_the_last_who_manages_people_stays() -> None:
    make_user("ada", "admin")
    for deed in (
        lambda: services.set_user_active(system("tests"), "ada", False),
        lambda: services.set_user_role(system("tests"), "ada", "operator"),
    ):
        with pytest.raises(Conflict):
            deed()
    make_user("anna", "admin")
    services.set_user_role(system("tests"), "ada", "operator")
    with pytest.raises(Conflict):
        services.set_user_active(system("tests"), "anna", False)


def test_only_admins_manage_people(operator: Principal) -> None:
    for deed in (
        lambda: services.create_user(operator, **NEW),
        lambda: services.set_user_role(operator, "olga", "admin"),
        lambda: services.set_user_active(operator, "olga", True),
        lambda: list(selectors.users(operator)),
        lambda: list(selectors.audit_events(operator)),
    ):
        with pytest.raises(Forbidden):
            deed()


def test_a_person_has_their_own_keys_only() -> None:
    dora = selectors.user_principal(make_user("dora", "developer"))
    key, _ = services.create_api_key(dora, name="mine", role="developer")
    other, _ = make_key(make_user("dick", "developer"))
    assert list(selectors.api_keys(dora)) == [key]
    with pytest.raises(NotFound):
        services.revoke_api_key(dora, other.id)


def test_nobody_gives_a_key_what_they_do_not_have() -> None:
    dora = selectors.user_principal(make_user("dora", "developer"))
    with pytest.raises(Forbidden):
        services.create_api_key(dora, name="mine", role="operator")
    assert not ApiKey.objects.exists()


def test_the_text_of_a_key_is_not_kept(admin: Principal) -> None:
    _, text = services.create_api_key(admin, name="ci", role="admin")
    with connection.cursor() as cursor:
        cursor.execute("SELECT security_apikey::text FROM security_apikey")
        kept = str(cursor.fetchall())
    assert text not in kept
    assert text.rpartition("_")[2] not in kept


def test_revoking_twice_is_one_deed(admin: Principal) -> None:
    key, _ = services.create_api_key(admin, name="ci", role="admin")
    services.revoke_api_key(admin, key.id)
    services.revoke_api_key(admin, key.id)
    assert AuditEvent.objects.filter(action="key.revoked").count() == 1


def test_the_database_keeps_the_audit_as_it_is(admin: Principal) -> None:
    services.create_user(admin, **NEW)
    for change in (
        lambda: AuditEvent.objects.update(actor="somebody else"),
        lambda: AuditEvent.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
            change()


def test_a_refused_deed_leaves_no_audit_event(admin: Principal) -> None:
    with pytest.raises(Conflict):
        services.create_user(admin, **(NEW | {"username": "ada"}))
    assert not AuditEvent.objects.filter(action="user.created").exists()


def test_a_deed_is_told_after_commit(
    admin: Principal, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    told: list[AuditEvent] = []

    def hear(event: AuditEvent, **_: Any) -> None:
        told.append(event)

    audit_recorded.connect(hear)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            services.create_user(admin, **NEW)
            assert told == []
    finally:
        audit_recorded.disconnect(hear)
    assert [event.action for event in told] == ["user.created"]


def test_a_principal_says_what_is_missing(caller: Principal) -> None:
    with pytest.raises(NotAuthenticated):
        ANONYMOUS.require("agents.view")
    with pytest.raises(Forbidden, match=r"users\.manage.*developer"):
        caller.require("users.manage")
    assert system("supervisor").may("anything")
    assert ANONYMOUS.subject == "anonymous"
    assert system("beat").subject == "system:beat"
