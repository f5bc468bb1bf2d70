"""Generate the Python code of every .proto file here, for the core and for the SDK.

Run by `make proto` under grpcio-tools 1.71.2: newer generators write code that refuses protobuf 5,
which several agent frameworks still pin.
"""

import re
import sys
import tempfile
from pathlib import Path

import grpc_tools
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from grpc_tools import protoc

HERE = Path(__file__).resolve().parent
SDK_WIRE = HERE.parent / "sdk" / "python" / "agentx_sdk" / "_wire"
# What protoc knows by itself, and beside it what googleapis-common-protos installs (google/api, google/rpc).
INCLUDES = (Path(grpc_tools.__file__).parent / "_proto", Path(grpc_tools.__file__).parents[1])
SDK_PROTOS = {"agentx_plugin", "plugin_home"}
EMPTY = "google/protobuf/empty.proto"

STUB_HEAD = """\
from collections.abc import AsyncIterator
from typing import Any

import grpc
import grpc.aio
{imports}
from {package} import {name}_pb2 as pb

"""


def main() -> None:
    sources = [Path(argument).stem for argument in sys.argv[1:]]
    for name in sources or sorted(path.stem for path in HERE.glob("*.proto")):
        files = generate(name)
        write(files, name, HERE, "proto")
        if name in SDK_PROTOS:
            write(files, name, SDK_WIRE, "agentx_sdk._wire")


def generate(name: str) -> dict[str, str]:
    """What protoc writes for one file, and typed stubs for its services: file name to text."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        flags = [f"--{kind}_out={out}" for kind in ("python", "pyi", "grpc_python")]
        descriptors = out / "descriptors"
        flags += [f"-I{path}" for path in (HERE, *INCLUDES)]
        flags += [f"--descriptor_set_out={descriptors}"]
        code = protoc.main(["protoc", *flags, f"{name}.proto"])
        if code != 0:
            sys.exit(code)
        files = {path.name: path.read_text() for path in out.iterdir() if path.suffix != ""}
        files[f"{name}_pb2_grpc.pyi"] = stub_types(name, descriptors.read_bytes())
        return files


def stub_types(name: str, descriptors: bytes) -> str:
    """Types for the asyncio stubs and servicers: protoc writes none."""
    (file,) = FileDescriptorSet.FromString(descriptors).file
    imports = "from google.protobuf import empty_pb2\n" if EMPTY in file.dependency else ""
    blocks = [STUB_HEAD.replace("{name}", name).replace("{imports}", imports)]
    for service in file.service:
        stubs = [
            f"    {m.name}: grpc.aio.{_kind(m)}MultiCallable[{_type(m.input_type)}, "
            f"{_type(m.output_type)}]"
            for m in service.method
        ]
        blocks += [f"class {service.name}Stub:"]
        blocks += ["    def __init__(self, channel: grpc.aio.Channel) -> None: ...", *stubs, ""]
        blocks += [f"class {service.name}Servicer:", *map(_servicer, service.method), ""]
        blocks += [
            f"def add_{service.name}Servicer_to_server(servicer: {service.name}Servicer, "
            "server: grpc.aio.Server) -> None: ..."
        ]
    return "\n".join(blocks) + "\n"


def _type(full_name: str) -> str:
    if full_name == ".google.protobuf.Empty":
        return "empty_pb2.Empty"
    return "pb." + full_name.rsplit(".", 1)[1]


def _kind(method) -> str:  # noqa: ANN001 - descriptors have no types
    sides = (method.client_streaming, method.server_streaming)
    return "".join("Stream" if streaming else "Unary" for streaming in sides)


def _servicer(method) -> str:  # noqa: ANN001 - descriptors have no types
    asked, answered = _type(method.input_type), _type(method.output_type)
    asked = f"AsyncIterator[{asked}]" if method.client_streaming else asked
    define = "def" if method.server_streaming else "async def"
    answered = f"AsyncIterator[{answered}]" if method.server_streaming else answered
    context = "grpc.aio.ServicerContext[Any, Any]"
    return (
        f"    {define} {method.name}(self, request: {asked}, context: {context}) -> {answered}: ..."
    )


def write(files: dict[str, str], name: str, folder: Path, package: str) -> None:
    """Put the files where they are imported as `package`."""
    folder.mkdir(parents=True, exist_ok=True)
    for filename, text in files.items():
        text = text.replace("{package}", package)
        text = re.sub(
            rf"^import {name}_pb2 as", f"from {package} import {name}_pb2 as", text, flags=re.M
        )
        (folder / filename).write_text(text)


if __name__ == "__main__":
    main()
