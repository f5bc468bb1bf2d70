"""What both forms of a request have in common, read from JSON. Raises `ModelError`."""

from typing import Any

from agentx_site.model_stub.asking import Json, Offered
from agentx_site.model_stub.errors import bad

# What an answer in JSON holds when nobody says what.
ANY_OBJECT: Json = {"type": "object", "properties": {"text": {"type": "string"}}}


def object_of(value: Any, param: str) -> Json:
    """A JSON object; none is an empty one."""
    if value is not None and not isinstance(value, dict):
        raise bad(f"'{param}' must be an object.", param)
    return value or {}


def list_of(value: Any, param: str) -> list[Json]:
    """A list of JSON objects; none is an empty one."""
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise bad(f"'{param}' must be a list of objects.", param)
    return value


def number_of(value: Any, param: str) -> int | None:
    """A count of at least 1, or none."""
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise bad(f"'{param}' must be a positive number.", param)
    return value


def name_of(told: Json) -> str:
    """Of the model."""
    name = told.get("model")
    if not isinstance(name, str) or not name:
        raise bad("you must provide a model parameter", "model")
    return name


def text_of(content: Any) -> str:
    """The words of a message's content: a text, or a list of parts."""
    if isinstance(content, list):
        words = (
            part.get("text") or part.get("refusal") for part in content if isinstance(part, dict)
        )
        return "\n".join(str(each) for each in words if each)
    return "" if content is None else str(content)


def pictures_in(content: Any) -> int:
    """How many pictures are in a message's content."""
    parts = content if isinstance(content, list) else []
    kinds = [part.get("type") for part in parts if isinstance(part, dict)]
    return sum(kind in ("image_url", "input_image") for kind in kinds)


def offered(function: Json, param: str) -> Offered:
    """A function that is a tool, in the form that both APIs share."""
    name = function.get("name")
    if not isinstance(name, str) or not name:
        raise bad(f"Missing required parameter: '{param}.name'.", f"{param}.name")
    return Offered(name, object_of(function.get("parameters"), f"{param}.parameters"))
