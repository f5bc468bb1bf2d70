"""Who calls home: what a token, an address and a claim are good for. The processes themselves: tests/flow/test_joining.py."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from plugins_app.errors import JoinRefused
from plugins_app.homes.home import address_of
from plugins_app.models import FIRST_ELSEWHERE, JoinToken, Plugin, PluginInstance
from plugins_app.selectors.joining import seat_of, seats
from plugins_app.services import guests, join_tokens, joining
from plugins_app.services.placement import place
from plugins_app.services.settling import lock_plugin
from registry.models import Node
from security.errors import InvalidInput, NotAuthenticated, TooManyRequests
from security.models import AuditEvent
from security.principals import ANONYMOUS, system
from security.throttle import JOINS
from tests.factories import make_instance, make_node, make_plugin
from tests.system import until

US = system("test")
DOCUMENTATION = "192.0.2.7"


def asking(token: str = "none", **told) -> joining.Asking:
    facts = {"plugin": "echo", "version": "1.0.0", "machine": "Far Away", "pid": 7, "sdk": "s"}
    facts |= {"framework": "f", "contracts": (1,), "csr_pem": b"", "source": DOCUMENTATION}
    return joining.Asking(token=token, **(facts | told))


def test_where_a_process_is_called():
    assert address_of("10.1.2.3:4000", "10.9.9.9") == "dns:///10.1.2.3:4000"
    assert address_of("gpu.example:4000", "10.9.9.9") == "dns:///gpu.example:4000"
    assert address_of(":4000", "10.9.9.9") == "dns:///10.9.9.9:4000"
    assert address_of("0.0.0.0:4000", "10.9.9.9") == "dns:///10.9.9.9:4000"
    assert address_of("[::]:4000", "2001:db8::1") == "dns:///[2001:db8::1]:4000"
    for wrong in ("", "host", "host:0", "host:70000", "a/b:1", "unix:/run/x", ":4000:", "a b:1"):
        with pytest.raises(InvalidInput):
            address_of(wrong, "10.9.9.9")
    with pytest.raises(InvalidInput):
        address_of(":4000", "")


@pytest.mark.django_db
def test_of_a_token_only_the_digest_is_kept_and_the_audit_never_has_its_text():
    make_plugin()
    row, text = join_tokens.create_token(US, "echo", name="laptop", seconds=600, uses=3)
    secret = text.removeprefix("agxj_").partition(".")[0]
    assert row.digest == join_tokens.digest_of(secret) and row.is_usable
    assert secret not in str(vars(row)) + str(AuditEvent.objects.values())
    assert secret not in repr(asking(secret))
    join_tokens.revoke_token(US, row.id)
    row.refresh_from_db()
    assert not row.is_usable


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("field", "told"),
    [
        ("name", {"name": " "}),
        ("expires", {"seconds": 59}),
        ("expires", {"seconds": 366 * 86_400}),
        ("uses", {"uses": 0}),
        ("uses", {"uses": 10_001}),
    ],
)
def test_a_token_has_bounds(field, told):
    make_plugin()
    with pytest.raises(InvalidInput) as caught:
        join_tokens.create_token(US, "echo", **({"name": "n"} | told))
    assert set(caught.value.fields) == {field}


@pytest.mark.django_db
def test_strangers_make_no_tokens():
    make_plugin()
    with pytest.raises(NotAuthenticated):
        join_tokens.create_token(ANONYMOUS, "echo", name="n")
    assert not JoinToken.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_who_is_refused_again_and_again_fills_no_audit():
    JOINS.forgive(DOCUMENTATION)
    for _attempt in range(JOINS.limit):
        with pytest.raises(JoinRefused):
            joining.admit(asking())
    with pytest.raises(TooManyRequests):
        joining.admit(asking())
    with pytest.raises(TooManyRequests):
        joining.refuse_claim("x", DOCUMENTATION)
    assert AuditEvent.objects.filter(outcome="refused").count() == JOINS.limit
    JOINS.forgive(DOCUMENTATION)


@pytest.mark.django_db
def test_a_claim_that_is_no_id_is_refused_like_any_other():
    with pytest.raises(JoinRefused):
        joining.refuse_claim("core'; --", "")
    assert seat_of("core") is None and seats(["", "x" * 4000]) == []


@pytest.mark.django_db
def test_a_plugin_has_only_so_many_joined_processes(monkeypatch):
    plugin = make_plugin(desired=Plugin.Desired.RUNNING)
    _row, text = join_tokens.create_token(US, "echo", name="n", uses=None)
    secret = text.removeprefix("agxj_").partition(".")[0]
    monkeypatch.setattr(joining, "MOST_JOINED", 1)
    make_instance(plugin, FIRST_ELSEWHERE)
    with pytest.raises(JoinRefused, match="1 joined processes already"):
        joining.admit(asking(secret))


@pytest.mark.django_db
def test_a_machine_of_ours_is_never_taken_for_one_that_calls_home():
    make_node("far-away")
    joining._node(asking())
    assert Node.objects.get(name="far-away-remote").labels == {"remote": "true"}
    assert Node.objects.get(name="far-away").labels == {}


@pytest.mark.django_db
def test_the_scheduler_leaves_joined_processes_and_their_machines_alone():
    far = make_node("far", labels={"remote": "true"})
    plugin = make_plugin(desired=Plugin.Desired.RUNNING, desired_replicas=2)
    row = make_instance(plugin, FIRST_ELSEWHERE, node=far)
    place(plugin)
    row.refresh_from_db()
    assert row.wanted and PluginInstance.objects.count() == 1  # no other node: nowhere to put one
    ours = make_node("ours")
    place(plugin)
    placed = PluginInstance.objects.exclude(id=row.id)
    assert {(each.ordinal, each.node) for each in placed} == {(0, ours), (1, ours)}


@pytest.mark.django_db
def test_what_is_marked_of_a_launch_that_is_over_changes_nothing():
    row = make_instance(make_plugin(), FIRST_ELSEWHERE)
    other = "0b0e5b52-9f10-4a1f-8f3e-000000000000"
    guests.mark_left(row.id, other, "gone")
    assert not guests.mark_arrived(row.id, other, "dns:///x:1", revision=1, agents={}, again=True)
    row.refresh_from_db()
    assert (row.state, row.wanted) == ("running", True)


@pytest.mark.django_db
def test_the_last_word_of_one_who_has_left_changes_nothing():
    """Its farewell is written by another thread than its end, and may come later."""
    row = make_instance(make_plugin(), FIRST_ELSEWHERE)
    guests.mark_left(row.id, str(row.launch_id), "It left.")
    guests.mark_leaving(row.id, str(row.launch_id), "It is leaving.")
    row.refresh_from_db()
    assert (row.state, row.reason) == ("exited", "It left.")


@pytest.mark.django_db(transaction=True)
def test_who_takes_the_row_meanwhile_is_not_taken_for_the_one_who_left():
    row = make_instance(make_plugin(), FIRST_ELSEWHERE)
    left, came = str(row.launch_id), "0b0e5b52-9f10-4a1f-8f3e-000000000000"
    with ThreadPoolExecutor(1) as other:
        with transaction.atomic():
            lock_plugin(row.plugin_id)
            marking = other.submit(ask_alone, guests.mark_left, row.id, left, "gone")
            until(somebody_waits)
            PluginInstance.objects.filter(id=row.id).update(launch_id=came)
        marking.result(10)
    row.refresh_from_db()
    assert (row.state, row.wanted) == ("running", True)


def ask_alone(deed, *args) -> None:
    """In a thread whose connection ends with it."""
    try:
        deed(*args)
    finally:
        connection.close()


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])
