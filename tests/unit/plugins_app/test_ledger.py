"""What a supervisor writes down has to be what Postgres takes, whatever a plugin says."""

from dataclasses import dataclass

import pytest

from plugins_app.supervisor.ledger import writable


@dataclass(frozen=True, slots=True)
class Told:
    slug: str
    card: dict[str, object]


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("a\0b", "a\ufffdb"),
        ("a\ud800b", "a?b"),
        (["a\0", 1, None], ["a\ufffd", 1, None]),
        (("a\0",), ("a\ufffd",)),
        ({"k\0": {"v": "\0"}}, {"k\ufffd": {"v": "\ufffd"}}),
        ([Told("a", {"name": "\0"})], [Told("a", {"name": "\ufffd"})]),
        (b"\0", b"\0"),
        (Told, Told),
    ],
)
def test_what_postgres_refuses_is_replaced(said: object, written: object) -> None:
    assert writable(said) == written
