"""Tables on terminals of any width."""

import pytest

from agentx_site.cli import output

COLUMNS = ("id", "agent", "reason")
ROWS = [("0" * 36, "echo", "it ended with status 1 and told a long story about it"), ("1", "a", "")]


@pytest.mark.parametrize(
    ("columns", "first_line"),
    [
        (200, f"{'0' * 36}  echo   it ended with status 1 and told a long story about it"),
        (60, f"{'0' * 36}  echo   it ended with …"),
        (50, f"{'0' * 36}  echo"),
        (30, f"{'0' * 29}…"),
    ],
)
def test_the_first_columns_stay_whole(
    columns: int,
    first_line: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(output, "_width", lambda: columns)
    output.table(COLUMNS, ROWS, "none")
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == first_line
    assert max(map(len, lines)) <= columns


def test_a_pipe_gets_everything(capsys: pytest.CaptureFixture[str]) -> None:
    output.table(COLUMNS, [("x", "y", "z" * 500)], "none")
    assert "z" * 500 in capsys.readouterr().out


def test_a_reader_is_told_what_to_do_when_there_is_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    output.table(COLUMNS, [], "Make one.")
    assert capsys.readouterr().out == "Make one.\n"
