"""State on its way to a file and back; what came later wins."""

import pytest

from plugins_app.client.state import Saved, pack, unpack
from proto import agentx_plugin_pb2 as pb


def saved(*told: tuple[str, bytes, int]) -> Saved:
    return Saved(
        tuple(pb.StateEntry(key=key, value=value, version=version) for key, value, version in told)
    )


def test_a_file_gives_back_what_was_packed() -> None:
    told = saved(("a", b"1", 1), ("b", b"x" * 70_000, 2))
    assert unpack(pack(told)) == told
    assert unpack(b"") == Saved()


@pytest.mark.parametrize("cut", [1, 3, 5, 12])
def test_a_file_that_was_cut_off_is_refused(cut: int) -> None:
    with pytest.raises(ValueError, match="ends within an entry"):
        unpack(pack(saved(("abc", b"12345", 7)))[:-cut])


def test_a_file_of_somebody_else_is_refused() -> None:
    with pytest.raises(ValueError, match=r"."):
        unpack(b"\0\0\0\4\xff\xff\xff\xff")


def test_later_entries_take_the_place_of_earlier_ones() -> None:
    before = saved(("a", b"1", 1), ("b", b"1", 2), ("c", b"1", 3))
    gone = pb.StateEntry(key="b", version=5, removed=True)
    after = Saved((pb.StateEntry(key="a", value=b"2", version=4), gone))
    assert [(e.key, e.value) for e in after.after(before).entries] == [("a", b"2"), ("c", b"1")]
    assert (before.version, before.size, Saved().version) == (3, 3, 0)
