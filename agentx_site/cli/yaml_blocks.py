"""A key of a YAML file written anew; the rest, with its comments, stays as it is."""

from typing import Any

import yaml

WIDTH = 120


def replaced(text: str, key: str, value: Any) -> str:
    """The YAML with this value for this key: in its place, else at the end."""
    block = yaml.safe_dump({key: value}, sort_keys=False, allow_unicode=True, width=WIDTH)
    lines = text.splitlines(keepends=True)
    start = _start(lines, key)
    if start is None:
        return f"{text.rstrip()}\n\n{block}"
    return "".join([*lines[:start], block, *lines[_end(lines, start) :]])


def without(text: str, key: str) -> str:
    """The YAML without this key."""
    lines = text.splitlines(keepends=True)
    start = _start(lines, key)
    return text if start is None else "".join([*lines[:start], *lines[_end(lines, start) :]])


def _start(lines: list[str], key: str) -> int | None:
    return next((place for place, line in enumerate(lines) if line.startswith(f"{key}:")), None)


def _end(lines: list[str], start: int) -> int:
    """Behind the last indented line of the block; blank lines before what follows stay."""
    end = start + 1
    for place in range(end, len(lines)):
        if lines[place][0] in " \t" and lines[place].strip():
            end = place + 1
        elif lines[place].strip():
            break
    return end
