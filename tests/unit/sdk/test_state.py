"""The mapping that knows what changed, and the two calls that move it."""

import pytest
from agentx_sdk import Adapter, State, StateEntry
from agentx_sdk.state import MAX_ENTRY


def keys(entries: list[StateEntry]) -> list[str]:
    return [f"-{entry.key}" if entry.removed else entry.key for entry in entries]


def test_it_tells_what_changed_since():
    state = State()
    state["a"] = 1
    state["b"] = [1]
    first = state.changes()
    assert keys(first) == ["a", "b"]
    newest = first[-1].version
    assert state.changes(newest) == []
    state["a"] = 2
    del state["b"]
    assert keys(state.changes(newest)) == ["a", "-b"]
    assert keys(state.changes()) == ["a"]


def test_a_change_in_place_is_noticed():
    state = State()
    state["turns"] = []
    newest = state.changes()[-1].version
    state["turns"].append("hello")
    (entry,) = state.changes(newest)
    assert (entry.key, entry.value) == ("turns", b'["hello"]')


def test_the_same_value_again_is_no_change():
    state = State()
    state["a"] = {"x": 1}
    version = state.version
    state["a"] = {"x": 1}
    assert state.version == version


def test_a_key_that_came_back_is_not_gone():
    state = State()
    state["a"] = 1
    newest = state.version
    del state["a"]
    state["a"] = 1
    assert keys(state.changes(newest)) == ["a"]


def test_what_is_loaded_replaces_and_the_rest_stays():
    old, new = State(), State()
    old["a"], old["b"] = "ä", None
    new["b"], new["c"] = 1, 2
    new.load(old.changes())
    assert dict(new) == {"a": "ä", "b": None, "c": 2}
    new.load([StateEntry("a", removed=True), StateEntry("never", removed=True)])
    assert dict(new) == {"b": None, "c": 2}


@pytest.mark.parametrize("value", [object(), {1, 2}, float("nan"), b"bytes"])
def test_only_json_can_be_kept(value):
    with pytest.raises((TypeError, ValueError)):
        State()["a"] = value


def test_an_entry_has_a_limit():
    state = State()
    with pytest.raises(ValueError, match="at most 1048576"):
        state["a"] = "x" * MAX_ENTRY
    assert len(state) == 0


def test_an_author_only_writes_to_it():
    class Counting(Adapter):
        pass

    one, other = Counting(), Counting()
    assert not one.keeps_state()
    one.state["n"] = 3
    assert one.keeps_state()
    other.load_state(one.save_state(0))
    assert other.state["n"] == 3


def test_an_adapter_with_a_state_of_its_own_is_left_alone():
    class Own(Adapter):
        def __init__(self) -> None:
            self.state = {"mine": 1}

    own = Own()
    assert not own.keeps_state()
    assert list(own.save_state(0)) == []
    with pytest.raises(TypeError, match="write save_state"):
        own.load_state([StateEntry("a", b"1")])
