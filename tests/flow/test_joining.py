"""Processes that AgentX did not start call home: let in by a token, known by a certificate, served like any other."""

import asyncio
import shutil
import signal
from datetime import UTC, datetime, timedelta

import grpc.aio
import pytest
import pytest_asyncio
import yaml
from cryptography.hazmat.primitives.asymmetric import ec
from django.utils import timezone

from plugins_app import services
from plugins_app.models import JoinToken, PluginEvent, PluginInstance
from plugins_app.selectors import live_targets
from plugins_app.selectors.joining import joined
from plugins_app.services.guests import LEASE_SECONDS, dismiss, give_up_silent
from plugins_app.services.placement import place_instances
from proto import plugin_home_pb2 as pb
from proto.plugin_home_pb2_grpc import PluginHomeStub
from registry.models import Node
from routing.gateway.homes import Door
from security import news
from security.authority import Authority, _root, host_name
from security.models import AuditEvent
from security.rows import ask
from tests.factories import make_plugin
from tests.gateways import Gate
from tests.guests import ECHO, US, Guest, a_token, is_running, states, until
from tests.nodes import installed
from tests.web import Web

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]


@pytest_asyncio.fixture
async def door(transactional_db):
    await ask(installed, ECHO)
    door = Door("127.0.0.1", 0)
    await door.start()
    yield door
    await door.stop()


@pytest.fixture
def guests(door):
    """Makes processes, and leaves none."""
    made: list[Guest] = []

    def make(token: str, at: Door = door, **options) -> Guest:
        made.append(Guest(at, token, **options))
        return made[-1]

    yield make
    for guest in made:
        guest.end()


def stranger_authority() -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    return Authority(_root(key, datetime.now(UTC)), key)


def refusals() -> list[str]:
    told = AuditEvent.objects.filter(outcome="refused").order_by("time")
    return [each.after["reason"] for each in told]


async def test_a_process_elsewhere_joins_and_answers_messages(guests, key):
    guests(await a_token())
    await until(is_running)
    row = await ask(lambda: joined().select_related("node").get())
    assert row.node.labels == {"remote": "true"} and row.node.state == "active"
    assert row.address.startswith("dns:///127.0.0.1:") and row.certificate_expires
    async with Web(key) as web:
        answer = await web.send("hello from afar")
    assert "hello from afar" in str(answer)
    assert await ask(PluginEvent.objects.filter(type="joined").exists)
    await ask(place_instances)  # the scheduler leaves it where it is, and puts nothing there
    assert await ask(states) == ["running"]
    assert await ask(PluginInstance.objects.count) == 1


def held_by_guests() -> list[dict[str, object]]:
    return [{slug: each["trouble"] for slug, each in row.agents.items()} for row in joined()]


async def test_a_joined_process_takes_an_agent_that_somebody_makes_as_it_runs(guests, key):
    guests(await a_token())
    await until(is_running)
    await until(lambda: held_by_guests() == [{"echo": ""}])
    await ask(lambda: services.add_agent(US, "echo", slug="another", config={}))
    await until(lambda: held_by_guests() == [{"echo": "", "another": ""}])
    async with Web(key) as web:
        assert "hello from afar" in str(await web.send("hello from afar", agent="another"))
    await ask(lambda: services.remove_agent(US, "echo", "another"))
    await until(lambda: held_by_guests() == [{"echo": ""}])


async def test_a_token_is_good_for_as_often_as_it_says(guests):
    token = await a_token(uses=1)
    guests(token)
    await until(is_running)
    second = guests(token)
    assert await second.status() == 77
    assert "used up" in second.said
    assert await ask(states) == ["running"]
    assert await ask(refusals) == ["This join token was used up. Make a new one."]
    told = await ask(PluginEvent.objects.filter(type="refused").get)
    assert "used up" in told.message


@pytest.mark.parametrize(
    ("spoilt", "why"),
    [
        ({"revoked": timezone.now()}, "revoked"),
        ({"expires": timezone.now()}, "has ended"),
        ({"digest": "0" * 64}, "not known"),
    ],
)
async def test_a_token_that_is_not_good_lets_nobody_in(guests, spoilt, why):
    token = await a_token()
    await ask(JoinToken.objects.all().update, **spoilt)
    guest = guests(token)
    assert await guest.status() == 77 and why in guest.said
    assert await ask(states) == []
    (refused,) = await ask(refusals)
    assert why in refused


async def test_a_token_is_good_for_its_plugin_alone(guests):
    await ask(make_plugin, "other")
    guest = guests(await a_token(plugin="other"))
    assert await guest.status() == 77
    assert "for other, not for echo" in guest.said and await ask(refusals)
    assert (await ask(JoinToken.objects.get)).uses_left == 1


async def test_a_stopped_plugin_takes_nobody_in(guests):
    await ask(services.set_desired, US, "echo", "stopped")
    guest = guests(await a_token())
    assert await guest.status() == 77 and "is stopped" in guest.said


async def test_a_process_says_its_secret_to_no_other_agentx(guests):
    """Whoever listens there: its authority is not the one that the token speaks of."""
    token = await a_token()
    guest = guests(token[:-1] + ("0" if token[-1] != "0" else "1"))
    assert await guest.status() == 77 and "its authority is another one" in guest.said
    assert (await ask(JoinToken.objects.get)).used is None and await ask(refusals) == []


async def test_a_process_says_its_secret_to_no_plain_port(guests):
    token = await a_token()
    async with Gate() as plain:
        guest = guests(token, at=plain.gateway)
        assert await guest.status() == 69 and "does not speak TLS" in guest.said


async def attend(door: Door, certificate, launch_id: str) -> grpc.StatusCode:
    """How an attempt to attend ends."""
    vouching = await door.home.authority()
    pair = (certificate.key_pem, certificate.cert_pem) if certificate else (None, None)
    port = door.attend_port if certificate else door.port
    channel = grpc.aio.secure_channel(
        f"dns:///127.0.0.1:{port}",
        grpc.ssl_channel_credentials(vouching.root_pem, *pair),
        options=[("grpc.ssl_target_name_override", host_name("home"))],
    )
    call = PluginHomeStub(channel).Attend()
    try:
        await call.write(pb.Attendance(launch_id=launch_id, listen="127.0.0.1:1"))
        await call.read()
    except grpc.aio.AioRpcError:
        pass
    code = await call.code()
    await channel.close()
    return code


async def test_a_second_process_cannot_claim_the_launch_of_another(guests, door):
    guests(await a_token())
    await until(is_running)
    row = await ask(joined().get)
    vouching = await door.home.authority()
    of_another = vouching.issue("another-launch", server=False)
    code = await attend(door, of_another, str(row.launch_id))
    assert code is grpc.StatusCode.PERMISSION_DENIED
    assert await ask(refusals) == ["This launch id belongs to another process."]
    told = await ask(PluginEvent.objects.select_related("plugin").filter(type="refused").get)
    assert told.plugin.slug == "echo"
    assert await ask(states) == ["running"]
    assert (await ask(joined().get)).address == row.address


async def test_nobody_attends_without_a_certificate_of_ours(guests, door):
    guests(await a_token())
    await until(is_running)
    launch = str((await ask(joined().get)).launch_id)
    assert await attend(door, None, launch) is grpc.StatusCode.UNAUTHENTICATED
    stranger = stranger_authority().issue(launch, server=False)
    assert await attend(door, stranger, launch) is grpc.StatusCode.UNAVAILABLE


async def test_a_killed_process_is_gone_at_once_and_its_machine_rests(guests):
    guest = guests(await a_token())
    await until(is_running)
    guest.signal(signal.SIGKILL)
    await until(lambda: states() == ["exited"], within=5)
    row = await ask(joined().select_related("node").get)
    assert row.reason == "It ended without a word." and row.node.state == Node.State.INACTIVE
    assert await ask(live_targets) == []


async def test_its_place_is_taken_by_the_next_one(guests):
    token = await a_token(uses=2)
    guests(token).signal(signal.SIGKILL)
    first = guests(token)
    await until(is_running)
    first.signal(signal.SIGKILL)
    await until(lambda: states() == ["exited"])
    guests(await a_token())
    await until(lambda: states() == ["running"])


def has_a_message() -> bool:
    news.publish("node.any")  # its gateway asks it at once
    return joined().filter(in_flight=1).exists()


async def test_a_process_that_is_told_to_end_finishes_its_message_first(guests, key):
    guest = guests(await a_token())
    await until(is_running)
    async with Web(key) as web:
        slow = asyncio.create_task(web.send("slowly", metadata={"sleep": 2}))
        await until(has_a_message)
        guest.signal(signal.SIGTERM)
        assert "slowly" in str(await slow)
    assert await guest.status() == 0
    await until(lambda: joined().filter(state="exited", reason="It left.").exists())


async def test_who_stops_the_plugin_sends_them_away(guests):
    guest = guests(await a_token())
    await until(is_running)
    await ask(services.set_desired, US, "echo", "stopped")
    assert await guest.status() == 0
    await until(lambda: states() == ["exited"])
    assert (await ask(joined().get)).reason == "It is no longer wanted."


async def test_one_is_dismissed_and_the_others_stay(guests):
    token = await a_token(uses=2)
    guests(token), guests(token)
    await until(lambda: states() == ["running", "running"])
    first = await ask(joined().order_by("ordinal").first)
    await ask(dismiss, US, first.id)
    await until(lambda: states() == ["exited", "running"])
    assert await ask(AuditEvent.objects.filter(action="plugin.dismissed").exists)


async def test_it_comes_back_after_a_restart_of_the_gateway_as_the_same_launch(guests, door):
    guests(await a_token())
    await until(is_running)
    before = await ask(joined().get)
    ports = door.port
    await door.stop()
    again = Door("127.0.0.1", ports)
    again.attend_port = door.attend_port
    await again.start()
    try:
        await until(PluginEvent.objects.filter(type="adopted").exists)
        row = await ask(joined().get)
        assert (row.launch_id, row.pid, row.state) == (before.launch_id, before.pid, "running")
    finally:
        await again.stop()


async def test_its_certificate_is_renewed_while_messages_go_on(guests, key, settings):
    settings.CERTIFICATE_SECONDS = 3
    guests(await a_token())
    await until(is_running)
    row = await ask(joined().get)
    async with Web(key) as web:
        answers = 0
        while not await ask(
            joined().filter(certificate_expires__gt=row.certificate_expires).exists
        ):
            assert "hello" in str(await web.send("hello"))
            answers += 1
        assert answers and "hello" in str(await web.send("hello"))
    again = await ask(joined().get)
    assert (again.launch_id, again.state) == (row.launch_id, "running")


async def test_who_is_not_heard_of_for_a_lease_is_given_up(guests, door):
    guest = guests(await a_token())
    await until(is_running)
    await door.stop()  # its gateway is gone, and it freezes
    guest.signal(signal.SIGSTOP)
    row = await ask(joined().get)
    await ask(give_up_silent)
    assert await ask(states) == ["running"]
    past = timezone.now() - timedelta(seconds=LEASE_SECONDS + 1)
    await ask(joined().filter(id=row.id).update, sampled=past)
    await ask(give_up_silent)
    assert await ask(states) == ["exited"]


async def test_a_plugin_may_live_elsewhere_alone(guests, tmp_path, key):
    folder = tmp_path / "echo"
    shutil.copytree(ECHO, folder)
    manifest = yaml.safe_load((folder / "plugin.yaml").read_text()) | {"replicas": 0}
    (folder / "plugin.yaml").write_text(yaml.safe_dump(manifest))
    await ask(services.uninstall, US, "echo")
    plugin = await ask(installed, folder)
    await ask(place_instances)
    await ask(plugin.refresh_from_db)
    assert (plugin.state, await ask(PluginInstance.objects.count)) == ("loading", 0)
    assert "no process has called home" in plugin.reason
    guests(await a_token(), folder=folder)
    await until(is_running)
    await ask(plugin.refresh_from_db)
    assert (plugin.state, plugin.reason) == ("running", "")
    async with Web(key) as web:
        assert "hello" in str(await web.send("hello"))


async def test_a_process_that_cannot_be_reached_is_told_so_and_ends(guests):
    guest = guests(await a_token(), listen="nowhere.invalid:0")
    assert await guest.status(30) == 0
    assert "It was called at nowhere.invalid:" in guest.said
    await until(lambda: states() == ["exited"])
    assert "nowhere.invalid" in (await ask(joined().get)).reason
