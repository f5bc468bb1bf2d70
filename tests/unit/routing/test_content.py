"""What parts of messages hold: shown without harm, saved as they are."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing import content


@pytest.mark.parametrize(
    ("part", "kind"),
    [
        ({"text": "hello"}, "text"),
        ({"data": {"a": 1}}, "data"),
        ({"raw": "AAAA", "mediaType": "image/png"}, "image"),
        ({"raw": "AAAA", "mediaType": "image/PNG; q=1"}, "image"),
        ({"raw": "AAAA", "mediaType": "image/svg+xml"}, "file"),
        ({"raw": "AAAA"}, "file"),
        ({"url": "https://x.example/a.png", "mediaType": "image/png"}, "link"),
        ({}, "data"),
    ],
)
def test_a_part_is_shown_as_what_it_is(part: content.Json, kind: str) -> None:
    assert content.shown(part).kind == kind


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "https://", "http://[", ""],
)
def test_no_address_is_followed_that_could_do_harm(url: str) -> None:
    assert content.shown({"url": url}).url == ""


def test_a_long_text_is_cut_and_says_so() -> None:
    told = content.shown({"text": "x" * (content.TEXT_SHOWN + 1)})
    assert (len(told.text), told.is_cut) == (content.TEXT_SHOWN, True)


@given(st.binary(max_size=300), st.booleans(), st.booleans())
def test_bytes_come_back_from_either_alphabet(body: bytes, url_safe: bool, padded: bool) -> None:
    raw = (base64.urlsafe_b64encode if url_safe else base64.b64encode)(body).decode()
    part = {"raw": raw if padded else raw.rstrip("=")}
    found = content.saved(part, "part-1")
    assert found is not None
    assert (found.body, found.media_type) == (body, content.BYTES)
    assert content.shown(part).size == len(body)


@pytest.mark.parametrize(
    ("part", "filename"),
    [
        ({"raw": "AAAA", "filename": "../../etc/passwd"}, "passwd"),
        ({"raw": "AAAA", "filename": "C:\\a\\b.txt"}, "b.txt"),
        ({"raw": "AAAA", "mediaType": "image/png"}, "part-1.png"),
        ({"text": "hello"}, "part-1.txt"),
        ({"raw": "AAAA", "mediaType": "a/b\r\nX-Evil: 1"}, "part-1.octet-stream"),
    ],
)
def test_a_file_has_a_plain_name(part: content.Json, filename: str) -> None:
    found = content.saved(part, "part-1")
    assert found is not None
    assert found.filename == filename


@pytest.mark.parametrize(
    "part", [{"raw": "!"}, {"raw": "A"}, {"data": 1}, {"url": "https://x"}, {}]
)
def test_what_is_no_file_is_not_saved(part: content.Json) -> None:
    assert content.saved(part, "part-1") is None


def test_in_brief_files_go_by_their_names() -> None:
    parts = [
        {"text": "See"},
        {"raw": "AAAA", "filename": "a.csv"},
        {"data": {"n": 1}},
        {"data": [2]},
    ]
    assert content.brief(parts) == "See\na.csv\nn: 1\n[2]"


def test_the_pieces_of_a_stream_are_one_text() -> None:
    parts = [
        {"text": "a"},
        {"text": "b"},
        {"data": 1},
        {"text": "c"},
        {"text": "d", "filename": "d"},
    ]
    assert content.runs(parts) == [
        (0, {"text": "ab"}),
        (2, {"data": 1}),
        (3, {"text": "c"}),
        (4, {"text": "d", "filename": "d"}),
    ]
