"""The way out: to whom it may, to nobody else, and each refusal told."""

import asyncio
import socket
import threading

import pytest
import pytest_asyncio

from plugins_app.egress import Allowed, Relay, relay

HOSTS = Allowed(("api.example.com:443", "*.wikipedia.org", "10.1.2.3", "[2001:db8::1]:80"))


@pytest.mark.parametrize(
    ("host", "port", "may"),
    [
        ("api.example.com", 443, True),
        ("API.Example.com.", 443, True),
        ("api.example.com", 80, False),
        ("evil-api.example.com", 443, False),
        ("api.example.com.evil.net", 443, False),
        ("de.wikipedia.org", 443, True),
        ("wikipedia.org", 443, False),
        ("xwikipedia.org", 443, False),
        ("10.1.2.3", 5432, True),
        ("10.1.2.4", 5432, False),
        ("::ffff:10.1.2.3", 80, True),
        ("2001:db8::1", 80, True),
        ("localhost", 443, False),
    ],
)
def test_names_are_matched_whole(host, port, may):
    assert (HOSTS.why_not(host, port) == "") is may


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "169.254.169.254", "::ffff:127.0.0.1"])
def test_a_name_that_leads_to_this_machine_opens_nothing(address):
    assert "not in the public network" in HOSTS.why_not_address("de.wikipedia.org", address)


def test_into_a_private_network_only_with_more_trust():
    assert HOSTS.why_not_address("de.wikipedia.org", "10.9.9.9") == ""
    strict = Allowed(HOSTS.hosts, public_only=True)
    assert strict.why_not_address("de.wikipedia.org", "10.9.9.9")
    assert strict.why_not_address("10.1.2.3", "10.1.2.3") == ""  # listed as what it is


def test_loopback_is_this_machine_without_agentx_itself():
    local = Allowed(local=True, ours=frozenset({6379}))
    assert local.why_not("localhost", 11434) == local.why_not("127.0.0.1", 80) == ""
    assert "AgentX itself" in local.why_not("localhost", 6379)
    assert local.why_not("example.com", 80)
    assert local.why_not_address("localhost", "192.0.2.1")


def test_agentx_itself_is_nobody_that_could_be_listed():
    listed = Allowed(("127.0.0.1", "localhost:6379"), ours=frozenset({6379}))
    assert "AgentX itself" in listed.why_not_address("127.0.0.1", "127.0.0.1", 6379)
    assert "AgentX itself" in listed.why_not_address("localhost", "::1", 6379)
    assert listed.why_not_address("127.0.0.1", "127.0.0.1", 11434) == ""


@pytest_asyncio.fixture
async def web():
    """A real server that says what it was asked."""

    async def answer(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        hosts = [line for line in head.splitlines() if line.lower().startswith(b"host:")]
        body = b"; ".join([*hosts, head.splitlines()[0]])
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


@pytest_asyncio.fixture
async def relayed():
    """Make a relay; ask it."""
    made, refused = [], []

    def make(allowed):
        door = socket.create_server(("127.0.0.1", 0))
        made.append(Relay(door, allowed, refused.append))
        return door.getsockname()[1]

    async def ask(port, text):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(text.encode())
        answer = await reader.read(65536)
        writer.close()
        return answer.decode()

    yield make, ask, refused
    for each in made:
        each.close()


@pytest.mark.asyncio
async def test_plain_http_is_passed_on(relayed, web):
    make, ask, refused = relayed
    port = make(Allowed(("127.0.0.1",)))
    told = await ask(port, f"GET http://127.0.0.1:{web}/a?b=c HTTP/1.1\r\nHost: x\r\n\r\n")
    assert told.endswith("GET /a?b=c HTTP/1.1") and not refused


@pytest.mark.asyncio
async def test_the_host_that_was_checked_is_the_one_that_is_asked(relayed, web):
    """Else a server of many names would be asked for one that is not listed. Bytes that are no text harm nobody."""
    make, ask, _refused = relayed
    port = make(Allowed(("127.0.0.1",)))
    headers = "Host: inner.example\r\nHOST : other\r\nX-\u00fc: \u00fc\r\n"
    told = await ask(port, f"GET http://127.0.0.1:{web}/ HTTP/1.1\r\n{headers}\r\n")
    assert told.endswith(f"Host: 127.0.0.1:{web}; GET / HTTP/1.1")


@pytest.mark.asyncio
async def test_slow_names_hold_up_nobody_else(relayed, monkeypatch):
    """The supervisor reads rows and measures in the threads that lookups take by default."""
    make, ask, _refused = relayed
    port, slow = make(Allowed(("*.example.com",))), threading.Event()
    monkeypatch.setattr(relay.socket, "getaddrinfo", lambda *_args, **_kw: slow.wait(20) and [])
    asked = [
        asyncio.create_task(ask(port, f"CONNECT {number}.example.com:443 HTTP/1.1\r\n\r\n"))
        for number in range(40)
    ]
    try:
        async with asyncio.timeout(10):
            while threads_of("egress") < relay.LOOKUPS:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            assert await asyncio.to_thread(lambda: "served") == "served"
    finally:
        slow.set()
        await asyncio.gather(*asked, return_exceptions=True)


def threads_of(name):
    return sum(each.name.startswith(name) for each in threading.enumerate())


@pytest.mark.asyncio
async def test_a_tunnel_is_opened(relayed, web):
    make, _ask, _refused = relayed
    port = make(Allowed(local=True))
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"CONNECT localhost:{web} HTTP/1.1\r\n\r\n".encode())
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
    writer.write(b"GET /inside HTTP/1.1\r\n\r\n")
    assert (await reader.read(1000)).endswith(b"GET /inside HTTP/1.1")
    writer.close()


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ("CONNECT example.com:443 HTTP/1.1\r\n\r\n", "403"),
        ("GET http://example.com/ HTTP/1.1\r\n\r\n", "403"),
        ("GET /here HTTP/1.1\r\n\r\n", "400"),
        ("CONNECT 127.0.0.1:1 HTTP/1.1\r\n\r\n", "502"),
        ("nonsense\r\n\r\n", "400"),
        ("GET http://127.0.0.1:notaport/ HTTP/1.1\r\n\r\n", "400"),
    ],
)
async def test_each_refusal_has_its_reason(relayed, asked, status):
    make, ask, refused = relayed
    told = await ask(make(Allowed(("127.0.0.1",))), asked)
    assert told.startswith(f"HTTP/1.1 {status} ") and "AgentX: " in told
    assert bool(refused) is (status == "403")


@pytest.mark.asyncio
async def test_nothing_is_left_when_it_is_closed(web):
    door = socket.create_server(("127.0.0.1", 0))
    port = door.getsockname()[1]
    relay = Relay(door, Allowed(local=True), print)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"CONNECT localhost:{web} HTTP/1.1\r\n\r\n".encode())
    await reader.readuntil(b"\r\n\r\n")
    relay.close()
    assert await reader.read() == b""
    with pytest.raises(OSError, match=r"refused|Connect"):
        await asyncio.open_connection("127.0.0.1", port)
    writer.close()
