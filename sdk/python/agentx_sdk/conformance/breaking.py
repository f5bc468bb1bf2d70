"""A configuration that breaks a schema, in one field that can be named."""

from collections.abc import Mapping
from typing import Any

from agentx_sdk.conformance.check import Skipped

WRONG: dict[str, Any] = {
    "string": 17,
    "integer": "not a number",
    "number": "not a number",
    "boolean": "perhaps",
    "array": 17,
    "object": 17,
}
NO_CHOICE = "none of them"


def broken_config(
    schema: Mapping[str, Any], config: Mapping[str, Any]
) -> tuple[dict[str, Any], str]:
    """The configuration with one wrong value, and its field. Raises `Skipped`."""
    for name, told in (schema.get("properties") or {}).items():
        if not isinstance(told, Mapping):
            continue
        if "enum" in told:
            return {**config, name: NO_CHOICE}, name
        if told.get("type") in WRONG:
            return {**config, name: WRONG[told["type"]]}, name
    raise Skipped("its schema has no property of a plain type")
