"""What pages are made of, as a browser asks for it."""

from pathlib import Path

from django.test import Client

SHELL = Path(__file__).resolve().parents[2] / "static" / "console" / "shell.js"


def test_a_file_is_one_answer() -> None:
    """A stream of blocks would be read in a thread under ASGI, with a warning for each file."""
    answer = Client().get("/static/console/shell.js")
    assert (answer.status_code, answer.streaming) == (200, False)
    assert answer.content == SHELL.read_bytes()
    assert answer["content-length"] == str(len(answer.content))
    assert answer["content-type"].startswith("text/javascript")


def test_what_a_browser_has_is_not_sent_again() -> None:
    first = Client().get("/static/console/shell.js")
    again = Client().get("/static/console/shell.js", headers={"If-None-Match": first["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_head_has_no_body() -> None:
    answer = Client().head("/static/console/shell.js")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer["content-length"] == str(len(SHELL.read_bytes()))


def test_what_is_not_there_is_not_found() -> None:
    assert Client().get("/static/console/nothing.js").status_code == 404
