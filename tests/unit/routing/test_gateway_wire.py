"""Between gRPC's own words and those of the core."""

import pytest
from google.protobuf import struct_pb2

from proto import a2a_v1_pb2 as pb
from routing.dialects.protobuf import as_json
from routing.gateway import wire
from routing.gateway.calls import address_of
from security.errors import InvalidInput


@pytest.mark.parametrize(
    ("peer", "address"),
    [
        ("ipv4:127.0.0.1:50000", "127.0.0.1"),
        ("ipv6:%5B::1%5D:50000", "::1"),
        ("unix:/tmp/socket", ""),
    ],
)
def test_a_peer_has_an_address(peer, address):
    assert address_of(peer) == address


@pytest.mark.parametrize(
    ("number", "told"), [(42.0, int), (-1.0, int), (0.5, float), (2.0**53, int), (1e300, float)]
)
def test_whole_numbers_are_ints_while_a_double_is_exact(number, told):
    data = struct_pb2.Value(list_value={"values": [struct_pb2.Value(number_value=number)]})
    (value,) = as_json(pb.Part(data=data))["data"]
    assert (value, type(value)) == (number, told)


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_what_json_cannot_say_is_refused(number):
    part = pb.Part(data=struct_pb2.Value(number_value=number))
    with pytest.raises(InvalidInput, match="Part"):
        wire.read(pb.Part, part.SerializeToString())


def test_unset_is_left_out_and_zero_is_kept_where_it_was_set():
    assert as_json(pb.GetTaskRequest(id="t", history_length=0)) == {
        "id": "t",
        "historyLength": 0,
    }
    assert as_json(pb.GetTaskRequest(id="t")) == {"id": "t"}


def test_answers_leave_out_what_this_version_does_not_know():
    written = wire.write(pb.Task, {"id": "t", "generation": 3})
    assert pb.Task.FromString(written) == pb.Task(id="t")
