"""Telling webhooks: the outbox, the attempts, and where they may not go. The receiver is a real HTTP server."""

import asyncio
import ipaddress
import json
import socket
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.utils import timezone

from monitoring import delivery, services, tasks
from monitoring.models import Alert, AlertRule
from monitoring.services.outbox import MAX_ATTEMPTS, Notice
from security import addresses
from tests.factories import make_agent, make_task

BODY = {"event": "alert.firing"}


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        self.server.heard.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
        if self.path == "/slow":
            self.server.patience.wait(3)
        self.send_response({"/moved": 302, "/broken": 500}.get(self.path, 204))
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def receiver():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    server.heard, server.patience = [], threading.Event()
    server.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.patience.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def loopback(settings):
    settings.WEBHOOK_ALLOW = ["127.0.0.0/8"]


def tell(url):
    notice = Notice("1", "firing", 1, url, BODY)
    ((_, error),) = asyncio.run(delivery.tell_all([notice]))
    return error


def test_it_arrives_as_json(receiver, loopback):
    assert tell(f"{receiver.url}/hook") is None
    path, body = receiver.heard[0]
    assert (path, json.loads(body)) == ("/hook", BODY)


@pytest.mark.parametrize(
    ("path", "told"), [("/broken", "answered 500"), ("/moved", "answered 302")]
)
def test_anything_but_2xx_is_an_error_and_redirects_are_not_followed(
    receiver, loopback, path, told
):
    assert tell(receiver.url + path) == told
    assert len(receiver.heard) == 1


def test_a_slow_receiver_is_given_up(receiver, loopback, monkeypatch):
    monkeypatch.setattr(delivery, "TIMEOUT_SECONDS", 0.2)
    assert tell(receiver.url + "/slow") == "no answer within 0.2 s"


def test_nobody_there(loopback):
    with socket.socket() as unheard:  # bound, and nobody listens
        unheard.bind(("127.0.0.1", 0))
        assert "Cannot connect" in tell(f"http://127.0.0.1:{unheard.getsockname()[1]}/")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "0x7f.1"])
def test_private_addresses_are_refused_under_every_name(receiver, host):
    told = tell(f"http://{host}:{receiver.server_port}/")
    assert told is not None
    assert "private address" in told
    assert receiver.heard == []


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0x7f.1"])
def test_an_address_is_known_however_it_is_written(receiver, host):
    assert "private address" in tell(f"http://{host}:{receiver.server_port}/")
    assert receiver.heard == []


@pytest.mark.parametrize("host", ["metadata.google.internal", "a.localhost", "169.254.169.254."])
def test_names_that_stand_for_this_machine_or_its_cloud_are_refused(host):
    assert "private address" in tell(f"http://{host}/")


def test_a_name_may_be_allowed(receiver, settings):
    settings.WEBHOOK_ALLOW = ["localhost"]
    assert tell(f"http://localhost:{receiver.server_port}/") is None
    assert "private" in tell(receiver.url)


def test_what_was_looked_at_is_what_is_connected_to(receiver, loopback, monkeypatch):
    """A name that answers differently the second time gains nothing: it is asked once."""
    asked = []

    async def answers(loop, host, port, **_):
        asked.append(host)
        address = "127.0.0.1" if len(asked) == 1 else "169.254.169.254"
        return [(2, 1, 6, "", (address, port))]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", answers)
    assert tell(f"http://rebind.example:{receiver.server_port}/") is None
    assert asked == ["rebind.example"]


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        ("10.1.2.3", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fd00::1", False),
        ("::ffff:127.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::1", False),
        ("2606:2800:220:1::1", True),
        ("::127.0.0.1", False),
        ("::ffff:0:127.0.0.1", False),
        ("64:ff9b:1::7f00:1", False),
        ("fec0::1", False),
    ],
)
def test_what_is_public(address, public):
    assert addresses.is_public(ipaddress.ip_address(address)) is public


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "http://", "gopher://x/", "http://a:b@c/", "http://x:99999/"]
)
def test_what_is_no_webhook(url):
    assert addresses.refusal(url)


@pytest.fixture
def alert(db, receiver):
    """A rule with a webhook that fires."""
    AlertRule.objects.create(
        name="r",
        metric="tasks_running",
        comparison="gte",
        threshold=1,
        webhook_url=f"{receiver.url}/hook",
    )
    make_task(make_agent(), state="WORKING")
    services.evaluate_alerts()
    return Alert.objects.get()


def due_now():
    Alert.objects.update(notify_after=timezone.now() - timedelta(seconds=1))


def test_firing_and_its_end_are_told_once_each(alert, receiver, loopback):
    tasks.notify()
    tasks.notify()
    alert.rule.enabled = False
    services.rules.resolve_all(alert.rule)
    tasks.notify()
    told = [json.loads(body) for _, body in receiver.heard]
    assert [body["event"] for body in told] == ["alert.firing", "alert.resolved"]
    assert told[0]["alert"]["rule"] == told[0]["rule"]["name"] == "r"
    alert.refresh_from_db()
    assert (alert.notify, alert.notify_error) == ("", "")


def test_what_one_worker_claimed_no_other_tells(alert):
    assert len(services.claim_notices()) == 1
    assert services.claim_notices() == []


def test_what_was_claimed_and_never_told_is_told_later(alert):
    services.claim_notices()
    due_now()
    assert [notice.attempt for notice in services.claim_notices()] == [2]


def test_it_is_tried_again_later_and_given_up_in_the_end(alert):
    for attempt in range(1, MAX_ATTEMPTS + 1):
        due_now()
        tasks.notify()  # nothing allows 127.0.0.1
        alert.refresh_from_db()
        assert alert.notify_attempts == attempt
        assert "private address" in alert.notify_error
        if attempt < MAX_ATTEMPTS:
            assert alert.notify_after > timezone.now() + timedelta(seconds=4)
    assert alert.notify == ""
    assert alert.notify_error.startswith("given up after 5 attempts")


def test_an_end_is_not_lost_when_the_beginning_is_told_late(alert):
    (beginning,) = services.claim_notices()
    services.rules.resolve_all(alert.rule)
    services.note_told(beginning)
    (end,) = services.claim_notices()
    services.note_told(beginning)  # a slow worker says so once more
    alert.refresh_from_db()
    assert (alert.notify, end.event, end.attempt) == ("resolved", "resolved", 1)
