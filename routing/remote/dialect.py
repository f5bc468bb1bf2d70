"""What an older upstream said, in 1.0's shapes. Pure."""

from collections.abc import Callable
from typing import Any

from plugins_app.client.errors import BadAnswer
from routing.record import Json


def object_of(told: Any) -> Json:
    if not isinstance(told, dict):
        raise BadAnswer("it is no JSON object")
    return told


def converted(convert: Callable[..., Any], *told: Any) -> Json:
    """The conversion assumes its input's shape: what has another is no A2A."""
    try:
        return object_of(convert(*told))
    except (TypeError, ValueError, AttributeError, KeyError):
        raise BadAnswer("it is not of A2A 0.3's shape") from None
