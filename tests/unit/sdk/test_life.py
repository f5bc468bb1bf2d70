"""Handshake, lease, load, logs and health without a process."""

import io
import json
import logging
import threading
import time

import pytest
from agentx_sdk import handshake, health
from agentx_sdk.lease import Lease
from agentx_sdk.load import Load
from agentx_sdk.logs import JsonFormatter, Sparing

LAUNCH = {"launch_id": "l", "token": "t", "socket_dir": "/d", "contracts": [1], "plugin": "p"}


def test_a_launch_line_is_read():
    launch = handshake.read_launch(io.BytesIO(json.dumps(LAUNCH).encode() + b"\nrest"))
    assert (launch.plugin, launch.contracts, launch.lease_seconds) == ("p", (1,), 15.0)


@pytest.mark.parametrize("line", [b"", b"\n", b"{}", b"[1]", b"nonsense", b'{"launch_id": 1}'])
def test_a_launch_line_that_is_none_is_a_launch_error(line):
    with pytest.raises(handshake.LaunchError):
        handshake.read_launch(io.BytesIO(line))


@pytest.mark.parametrize(
    ("theirs", "ours", "chosen"),
    [([1], [1], 1), ([1, 2, 3], [1, 2], 2), ([2], [1], None), ([], [1], None)],
)
def test_the_newest_common_contract_is_chosen(theirs, ours, chosen):
    assert handshake.choose_contract(theirs, ours) == chosen


def test_the_handshake_line_has_seven_fields():
    line = handshake.accept_line(1, "/d/s.sock", "custom", "l|1").decode()
    assert line.endswith("\n")
    fields = line.split("|", 6)
    assert fields[:6] == ["AGENTX1", "1", "unix", "/d/s.sock", "grpc", ""]
    assert json.loads(fields[6])["launch_id"] == "l|1"


@pytest.mark.parametrize(("theirs", "side"), [([0], "AgentX"), ([2], "the plugin's agentx-sdk")])
def test_a_refusal_names_the_side_to_upgrade(theirs, side):
    fields = handshake.refuse_line(theirs).decode().split("|", 6)
    assert fields[:3] == ["AGENTX1", "0", "error"]
    assert fields[3].startswith(f"upgrade {side}:")
    assert fields[4:] == ["", "", "{}\n"]


def test_a_lease_ends_once_and_insists():
    ended, insisted = threading.Event(), threading.Event()
    Lease(0.05, ended.set, insisted.set, patience=0.05).start()
    assert ended.wait(2)
    assert insisted.wait(2)


def test_a_renewed_lease_does_not_end():
    ended = threading.Event()
    lease = Lease(0.2, ended.set, ended.set, patience=1)
    lease.start()
    for _ in range(4):
        time.sleep(0.1)
        lease.renew(0.2)
    assert not ended.is_set()
    lease.release()
    assert not ended.wait(0.4)


def test_a_released_lease_does_not_insist():
    ended, insisted = threading.Event(), threading.Event()
    lease = Lease(0.05, ended.set, insisted.set, patience=0.2)
    lease.start()
    assert ended.wait(2)
    lease.release()
    assert not insisted.wait(0.4)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_load_is_averaged_over_time():
    clock = Clock()
    load = Load(clock)
    clock.now = 1.0
    load.enter()
    load.enter()
    clock.now = 2.0
    load.leave(failed=False)
    clock.now = 4.0
    assert load.take_average() == pytest.approx((0 * 1 + 2 * 1 + 1 * 2) / 4)
    clock.now = 6.0
    load.leave(failed=True)
    assert load.take_average() == pytest.approx(1.0)
    assert load.take_average() == 0.0
    assert (load.in_flight, load.finished, load.failed) == (0, 2, 1)


def test_a_log_line_is_one_line_of_json():
    record = logging.LogRecord("x", logging.ERROR, "f", 1, "two\nlines %s", ("é",), None)
    text = JsonFormatter("echo").format(record)
    assert "\n" not in text
    line = json.loads(text)
    assert (line["level"], line["message"], line["plugin"]) == ("error", "two\nlines é", "echo")


def test_a_flood_of_lines_is_thinned_and_counted():
    clock = Clock()
    sparing = Sparing(burst=3, per_second=0.5, clock=clock)
    assert [sparing.admit() for _ in range(5)] == [0, 0, 0, None, None]
    clock.now = 2.0
    assert [sparing.admit() for _ in range(2)] == [2, None]
    clock.now = 60.0
    assert [sparing.admit() for _ in range(4)] == [1, 0, 0, None]


@pytest.mark.parametrize("name", ["", "live", "agentx.plugin.AgentXPluginService"])
def test_health_messages_match_the_official_ones(name):
    health_pb2 = pytest.importorskip("grpc_health.v1.health_pb2")
    wire = health_pb2.HealthCheckRequest(service=name).SerializeToString()
    assert health.decode_request(wire) == name
    response = health_pb2.HealthCheckResponse.FromString(health.encode_response(health.NOT_SERVING))
    assert response.status == health_pb2.HealthCheckResponse.NOT_SERVING


@pytest.mark.parametrize("wire", [b"\x0a", b"\x12\x01a", b"\x0a\xff\x01"])
def test_a_health_request_that_is_none_is_a_value_error(wire):
    with pytest.raises(ValueError, match="not a health check"):
        health.decode_request(wire)
