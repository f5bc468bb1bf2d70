"""The handshake line: understood, or refused with a sentence that says what to mend."""

import json

import pytest

from plugins_app import handshake
from plugins_app.errors import LaunchFailed

GOOD = b'AGENTX1|1|unix|/run/p/a/x.sock|grpc||{"pid": 7, "launch_id": "L"}\n'


def parse(line):
    return handshake.parse(line, launch_id="L", socket_dir="/run/p/a")


def test_it_is_understood():
    told = parse(GOOD)
    assert (told.contract, told.address) == (1, "unix:/run/p/a/x.sock")
    assert told.about["pid"] == 7


def test_what_the_sdk_writes_is_understood():
    from agentx_sdk import handshake as sdk

    told = parse(sdk.accept_line(1, "/run/p/a/x.sock", "custom", "L"))
    assert told.about["framework"] == "custom"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b"Hello!\n", "did not begin with a handshake but with 'Hello!'"),
        (b"\n", "is this an AgentX plugin"),
        (b"\xff\xfe|\n", "did not begin"),
        (b"AGENTX1|1|unix\n", "has 3 fields, not 7"),
        (b"AGENTX2|1|unix|/run/p/a/x|grpc||{}\n", "upgrade AgentX"),
        (b"AGENTX0|1|unix|/run/p/a/x|grpc||{}\n", "upgrade the plugin's agentx-sdk"),
        (b"AGENTX1|2|unix|/run/p/a/x|grpc||{}\n", "contract 2, AgentX 1: upgrade AgentX"),
        (b"AGENTX1|0|unix|/run/p/a/x|grpc||{}\n", "upgrade the plugin's agentx-sdk"),
        (b"AGENTX1|x|unix|/run/p/a/x|grpc||{}\n", "names the contract 'x'"),
        (b"AGENTX1|0|error|upgrade AgentX: too old|||{}\n", "Upgrade AgentX: too old."),
        (b"AGENTX1|1|tcp|1.2.3.4:5|grpc||{}\n", "AgentX needs grpc on unix"),
        (b"AGENTX1|1|unix|/etc/x.sock|grpc||{}\n", "outside of the folder"),
        (b"AGENTX1|1|unix|/run/p/a/../b/x|grpc||{}\n", "outside of the folder"),
        (b"AGENTX1|1|unix|/run/p/a/|grpc||{}\n", "outside of the folder"),
        (b"AGENTX1|1|unix|/run/p/a/x|grpc||{\n", "not a JSON object"),
        (b"AGENTX1|1|unix|/run/p/a/x|grpc||" + b'{"a":' * 9000 + b"\n", "not a JSON object"),
        ("AGENTX1|\u00b2|unix|/run/p/a/x|grpc||{}\n".encode(), "names the contract"),
        (b"AGENTX1|" + b"9" * 5000 + b"|unix|/run/p/a/x|grpc||{}\n", "names the contract"),
        (b"AGENTX" + b"9" * 5000 + b"|\n", "did not begin"),
        (b'AGENTX1|1|unix|/run/p/a/x|grpc||{"launch_id": "M"}\n', "belongs to another launch"),
    ],
)
def test_a_refusal_says_what_to_mend(line, told):
    with pytest.raises(LaunchFailed) as caught:
        parse(line)
    assert told in str(caught.value)


def test_the_launch_line_is_one_line_of_json():
    line = handshake.launch_line(
        launch_id="L", token="T", socket_dir="/s", lease_seconds=15, plugin="echo"
    )
    assert line.count(b"\n") == 1
    assert json.loads(line)["contracts"] == [1]
