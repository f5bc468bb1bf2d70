"""Bodies of `/api/v1`, read strictly: what passes can be stored, told again, and walked through without care."""

from collections.abc import Mapping
from typing import IO, Any, Final

import orjson
from django.conf import settings
from rest_framework.parsers import BaseParser

from security.errors import InvalidInput, TooLarge

MAX_DEPTH: Final = 64


class StrictJsonParser(BaseParser):
    """UTF-8 JSON without NaN, lone surrogates or U+0000, at most `MAX_DEPTH` deep and `MAX_BODY_BYTES` long."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        body = stream.read(settings.MAX_BODY_BYTES + 1)
        if len(body) > settings.MAX_BODY_BYTES:
            raise TooLarge(f"The body is larger than {settings.MAX_BODY_BYTES} bytes.")
        return strict_json(body)


def strict_json(text: bytes) -> Any:
    """Raises `InvalidInput` saying what is wrong."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise InvalidInput(f"This is not JSON: {error}.") from None
    _require_storable(value, MAX_DEPTH)
    return value


def _require_storable(value: Any, left: int) -> None:
    if isinstance(value, str):
        if "\0" in value:
            raise InvalidInput("This JSON holds the character U+0000, which cannot be stored.")
        return
    if not isinstance(value, dict | list):
        return
    if not left:
        raise InvalidInput(f"This JSON is deeper than {MAX_DEPTH}.")
    for each in value:
        _require_storable(each, left - 1)
    for each in value.values() if isinstance(value, dict) else ():
        _require_storable(each, left - 1)
