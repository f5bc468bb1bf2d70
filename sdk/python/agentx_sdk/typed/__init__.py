"""From type annotations to JSON Schema, and from JSON to the types.

Understands bool, int, float, str, None, Any, Literal, Enum, unions, list, tuple, set, dict[str, …],
dataclasses, TypedDicts, plain classes with annotations, and pydantic models where pydantic is.
"""

from agentx_sdk.typed.fields import MISSING, Entry, Field, Secret
from agentx_sdk.typed.reading import read, read_fields
from agentx_sdk.typed.schema import object_schema, schema_of
from agentx_sdk.typed.values import plain, secret_names

__all__ = [
    "MISSING",
    "Entry",
    "Field",
    "Secret",
    "object_schema",
    "plain",
    "read",
    "read_fields",
    "schema_of",
    "secret_names",
]
