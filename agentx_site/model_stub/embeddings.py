"""/v1/embeddings: words hashed to places of a vector, so that texts which share words are near one another."""

import base64
import hashlib
import math
import re
from array import array
from typing import Any, Final

from agentx_site.model_stub.asking import Json
from agentx_site.model_stub.errors import bad
from agentx_site.model_stub.reading import name_of, number_of

DIMENSIONS: Final = 256
MAX_DIMENSIONS: Final = 4096
MAX_INPUTS: Final = 2048


def whole(told: Json) -> Json:
    """The answer. Raises `ModelError`."""
    texts = _inputs(told.get("input"))
    dimensions = number_of(told.get("dimensions"), "dimensions") or DIMENSIONS
    if dimensions > MAX_DIMENSIONS:
        raise bad(f"'dimensions' must be at most {MAX_DIMENSIONS}.", "dimensions")
    packed = told.get("encoding_format") == "base64"
    rows = [vector(text, dimensions) for text in texts]
    words = sum(len(text.split()) for text in texts)
    return {
        "object": "list",
        "model": name_of(told),
        "data": [
            {"object": "embedding", "index": place, "embedding": _packed(row) if packed else row}
            for place, row in enumerate(rows)
        ],
        "usage": {"prompt_tokens": words, "total_tokens": words},
    }


def vector(text: str, dimensions: int = DIMENSIONS) -> list[float]:
    """Of length 1; the same for the same words."""
    values = [0.0] * dimensions
    for word in re.findall(r"\w+", text.lower()) or [""]:
        number = int.from_bytes(hashlib.sha256(word.encode()).digest()[:8])
        values[number % dimensions] += 1.0 if number >> 63 else -1.0
    length = math.sqrt(sum(value * value for value in values)) or 1.0
    return [value / length for value in values]


def _inputs(told: Any) -> list[str]:
    """A text, several, or tokens in their place."""
    several = told if isinstance(told, list) and told and not isinstance(told[0], int) else [told]
    if told in (None, "", []) or len(several) > MAX_INPUTS:
        raise bad(f"'input' must be 1 to {MAX_INPUTS} texts.", "input")
    return [each if isinstance(each, str) else " ".join(map(str, each)) for each in several]


def _packed(values: list[float]) -> str:
    return base64.b64encode(array("f", values).tobytes()).decode()
