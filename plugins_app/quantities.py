"""Durations, sizes and processor shares as people write them."""

import re
from typing import Final

_SECONDS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "": 1.0}
_BYTES: Final = {
    "": 1, "b": 1,
    "k": 1000, "kb": 1000, "ki": 1024, "kib": 1024,
    "m": 1000**2, "mb": 1000**2, "mi": 1024**2, "mib": 1024**2,
    "g": 1000**3, "gb": 1000**3, "gi": 1024**3, "gib": 1024**3,
}  # fmt: skip
_NUMBER: Final = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]*)\s*\Z")


def seconds(value: str | float) -> float:
    """`500ms`, `10s`, `2m`, `1h`, or a number of seconds. Raises ValueError with a sentence."""
    number, unit = _split(value)
    if unit not in _SECONDS:
        raise ValueError(f"{value!r} is not a duration: write it like 500ms, 10s or 2m")
    return number * _SECONDS[unit]


def size(value: str | float) -> int:
    """`512MB`, `1GiB`, or a number of bytes. Raises ValueError with a sentence."""
    number, unit = _split(value)
    if unit not in _BYTES:
        raise ValueError(f"{value!r} is not a size: write it like 512MB or 1GiB")
    return int(number * _BYTES[unit])


def cpus(value: str | float) -> float:
    """`0.5`, `2` or `500m` (thousandths) of a processor. Raises ValueError with a sentence."""
    number, unit = _split(value)
    if unit not in ("", "m"):
        raise ValueError(f"{value!r} is not a share of processors: write it like 0.5 or 500m")
    return number / 1000 if unit == "m" else number


def _split(value: str | float) -> tuple[float, str]:
    match = _NUMBER.match(str(value))
    return (float(match[1]), match[2].lower()) if match else (0.0, "?")
