"""The definitions of A2A's gRPC services: the published ones to the last field, and their generated code fresh."""

import base64
import shutil

import pytest
from google.api import annotations_pb2, client_pb2, field_behavior_pb2  # noqa: F401 - options to compare
from google.protobuf import descriptor_pb2

from proto import a2a_v03_pb2, a2a_v1_pb2
from tests.contract.test_wire import ROOT, in_environment

PROGRAM = "import base64; from {} import DESCRIPTOR as d; print(base64.b64encode(d.serialized_pb).decode())"


def definition(serialized: bytes) -> descriptor_pb2.FileDescriptorProto:
    """Without the file's name and its options for other languages, and with each field's JSON name told."""
    file = descriptor_pb2.FileDescriptorProto.FromString(serialized)
    file.ClearField("name")
    file.ClearField("options")
    messages = list(file.message_type)
    while messages:
        message = messages.pop()
        messages += message.nested_type
        for field in message.field:
            field.json_name = field.json_name or camel(field.name)
    return file


def camel(name: str) -> str:
    first, *more = name.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in more)


@pytest.mark.network
@pytest.mark.parametrize(
    ("ours", "package", "module"),
    [
        (a2a_v1_pb2, "a2a-sdk[grpc]==1.3.0", "a2a.types.a2a_pb2"),
        (a2a_v03_pb2, "a2a-sdk[grpc]==0.3.26", "a2a.grpc.a2a_pb2"),
    ],
    ids=["1.0", "0.3"],
)
def test_it_is_the_published_definition(ours, package, module):
    done = in_environment([package], "-c", PROGRAM.format(module))
    assert done.returncode == 0, done.stderr
    published = definition(base64.b64decode(done.stdout))
    assert definition(ours.DESCRIPTOR.serialized_pb) == published


@pytest.mark.network
def test_the_generated_code_is_fresh(tmp_path):
    shutil.copytree(ROOT / "proto", tmp_path / "proto", ignore=shutil.ignore_patterns("*_pb2*"))
    done = in_environment(
        ["grpcio-tools==1.71.2", "setuptools<81", "googleapis-common-protos==1.70.0"],
        str(tmp_path / "proto" / "generate.py"),
        "a2a_v1",
        "a2a_v03",
    )
    assert done.returncode == 0, done.stderr
    made = sorted((tmp_path / "proto").glob("a2a_v*_pb2*"))
    assert len(made) == 8
    for each in made:
        assert each.read_text() == (ROOT / "proto" / each.name).read_text(), each.name
