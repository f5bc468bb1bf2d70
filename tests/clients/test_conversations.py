"""A conversation begun with one version of the protocol is read, and gone on with, in another."""

import pytest

from tests.clients.libraries import Library

OLD = ("python-0.3.26", "JSONRPC")
OLDER = ("python-0.2.16", "JSONRPC")
NEW = ("python-1.3.0", "JSONRPC")
PAIRS = [
    (OLD, NEW),
    (NEW, OLD),
    (OLDER, ("python-1.3.0", "GRPC")),
    (("node-1.3.0", "HTTP+JSON"), OLDER),
    (("node-0.3.14", "HTTP+JSON"), ("python-1.3.0", "HTTP+JSON")),
    (("python-1.3.0", "GRPC"), ("python-0.3.26", "GRPC")),
]


@pytest.mark.parametrize(
    ("first", "second"), PAIRS, ids=lambda who: "-".join(who) if isinstance(who, tuple) else who
)
def test_it_is_read_in_the_other_version(
    saw: Library, first: tuple[str, str], second: tuple[str, str]
) -> None:
    begun = saw.run(*first, scenarios=["begin"])
    assert "saw" in begun.get("begin", {}), begun
    told = saw.run(*second, scenarios=["read"], task=begun["begin"]["saw"])
    assert told["read"]["saw"] == {
        "state": "completed",
        "says": "The artifact is there.",
        "artifacts": [[{"data": {"key": "value", "count": 42}}]],
        "joined": True,
    }
