"""Versions, ranges, order of needs, and signatures."""

import pytest

from plugins_app.errors import InvalidKey
from plugins_app.packages import graph, signing, versions

SHA = "ab" * 32


@pytest.mark.parametrize(
    ("version", "range", "fits"),
    [
        ("1.2.3", "", True),
        ("1.2.3", "*", True),
        ("1.2.3", "1.2.3", True),
        ("1.2.3", "==1.2.3", True),
        ("1.2.3", ">=1.2,<2", True),
        ("2.0.0", ">=1.2,<2", False),
        ("1.2.9", "~=1.2.3", True),
        ("1.3.0", "~=1.2.3", False),
        ("1.9.0", "^1.2", True),
        ("2.0.0", "^1.2", False),
        ("0.2.9", "^0.2.3", True),
        ("0.3.0", "^0.2.3", False),
        ("1.2.9", "~1.2", True),
        ("1.3.0", "~1.2", False),
        ("1.5.0", ">=1 <2", True),
        ("2.0.0", ">=1 <2", False),
        ("3.1.0", "1.x || 3.x", True),
        ("2.1.0", "1.x || 3.x", False),
        ("1.2.7", "1.2", True),
        ("1.2", "1.2.0", True),
        ("1.3.0", "1.2", False),
        ("1.2", "^1.0", True),
        ("2.0.0-rc.1", "^2.0.0-rc.0", True),
        ("2.0.0rc1", ">=1", False),
        ("1.0.0-nightly.1", "<2", False),
        ("1.2.3", "whatever", False),
        ("latest", ">=1", False),
    ],
)
def test_a_range(version, range, fits):
    assert versions.fits(version, range) is fits


def test_versions_sort_as_people_mean_them():
    wanted = ["0.9", "1.0.0-nightly.1", "1.0.0-alpha.1", "1.0.0rc1", "1.0.0", "1.2.0", "1.10.0"]
    mixed = wanted[::2] + wanted[1::2]
    assert sorted(mixed, key=versions.key) == wanted


def test_the_newest_is_final_when_there_is_one():
    assert versions.newest(["1.0.0", "1.10.0", "1.9.0", "2.0.0rc1"], "") == "1.10.0"
    assert versions.newest(["2.0.0rc1", "2.0.0rc2"], "") == "2.0.0rc2"
    assert versions.newest(["1.0.0", "1.4.0", "2.0.0"], "^1.0") == "1.4.0"
    assert versions.newest(["1.0.0"], "^2") is None
    assert versions.newest([], "") is None


@pytest.mark.parametrize("text", ["^1", ">=1,<2", "1.x || 2", "~=1.4", "", "1.2"])
def test_what_is_a_range(text):
    assert versions.is_range(text)


@pytest.mark.parametrize("text", ["newest", "1.2.3.4.x", ">= foo", "^" * 300])
def test_what_is_no_range(text):
    assert not versions.is_range(text)


def test_needed_ones_come_first():
    assert graph.ordered({"app": ["lib", "db"], "lib": ["db"], "db": [], "x": []}) == [
        "db", "x", "lib", "app",
    ]  # fmt: skip


def test_a_circle_is_told_in_its_order():
    with pytest.raises(graph.Cycle, match=r"a → b → c → a|b → c → a → b|c → a → b → c"):
        graph.ordered({"a": ["b"], "b": ["c"], "c": ["a"]})
    with pytest.raises(graph.Cycle, match="me → me"):
        graph.ordered({"me": ["me"]})


def test_a_signature_holds_for_one_file_and_one_key():
    private, public = signing.new_key()
    _other, stranger = signing.new_key()
    signature = signing.sign(private, SHA)
    assert signing.verify(public, SHA, signature)
    assert not signing.verify(public, "cd" * 32, signature)
    assert not signing.verify(stranger, SHA, signature)


@pytest.mark.parametrize("signature", ["", "!!", "AAAA", "A" * 88, "ä" * 10])
def test_what_is_no_signature_is_none(signature):
    assert not signing.verify(signing.new_key()[1], SHA, signature)


def test_a_key_is_looked_at_before_it_is_kept():
    private, public = signing.new_key()
    assert signing.checked_public(f" {public}\n") == public
    for wrong in ("", "AAAA", "not base64", "-----BEGIN PUBLIC KEY-----\nMCowBQ==\n", "ä"):
        with pytest.raises(InvalidKey):
            signing.checked_public(wrong)
    with pytest.raises(InvalidKey):
        signing.sign(b"no key", SHA)
    with pytest.raises(InvalidKey):
        signing.sign(public.encode(), SHA)
    assert private.startswith(b"-----BEGIN PRIVATE KEY-----")
