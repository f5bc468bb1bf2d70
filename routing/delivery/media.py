"""Whether an agent takes what a message brings. Pure."""

from collections.abc import Iterable, Sequence
from typing import Final

from routing.errors import ContentTypeNotSupported
from routing.record import Json

# How cards before 0.2.6 named what they take.
KINDS: Final = {"text": "text/*", "data": "application/json", "file": "*/*"}


def require_taken(parts: Sequence[Json], modes: Sequence[str]) -> None:
    """Raises `ContentTypeNotSupported`. Without modes everything is taken, and so is a part that names no type:
    text and JSON are what agents speak, and of anything else nobody knows what it is."""
    if not modes:
        return
    for index, part in enumerate(parts):
        given = _bare(part.get("mediaType", ""))
        if given and not any(_fits(given, mode) for mode in modes):
            raise ContentTypeNotSupported(
                f"message.parts[{index}]: the agent does not take {given}; it takes {_list(modes)}."
            )


def _fits(given: str, mode: str) -> bool:
    wanted = _bare(mode)
    kind, _, exactly = KINDS.get(wanted, wanted).partition("/")
    family, _, rest = given.partition("/")
    return kind in ("*", family) and exactly in ("*", rest)


def _bare(media_type: str) -> str:
    """Without parameters like charset."""
    return media_type.partition(";")[0].strip().lower()


def _list(modes: Iterable[str]) -> str:
    return ", ".join(sorted(modes))
