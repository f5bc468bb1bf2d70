"""Refusals in OpenAI's form."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

INVALID = "invalid_request_error"
RETRY_AFTER_SECONDS = 7


@dataclass
class ModelError(Exception):
    """The status of the answer and what its body says."""

    status: int
    message: str
    type: str = INVALID
    code: str | None = None
    param: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def body(self) -> dict[str, Any]:
        told = {"message": self.message, "type": self.type, "param": self.param, "code": self.code}
        return {"error": told}


def bad(message: str, param: str | None = None, code: str | None = None) -> ModelError:
    """A request that cannot be answered as it is."""
    return ModelError(400, message, param=param, code=code)


def no_such_model(name: str) -> ModelError:
    told = f"The model '{name}' does not exist: the demo model's names begin with 'demo'."
    return ModelError(404, told, code="model_not_found", param="model")


def wrong_key() -> ModelError:
    return ModelError(401, "Incorrect API key provided: wrong.", code="invalid_api_key")


def too_long(words: int) -> ModelError:
    told = (
        f"This model's maximum context length is {max(words - 1, 0)} tokens. However, your messages"
        f" resulted in {words} tokens. Please reduce the length of the messages."
    )
    return bad(told, "messages", "context_length_exceeded")


def ordered(status: int) -> ModelError:
    """What a provider answers with that status."""
    match status:
        case 401:
            return ModelError(401, "Incorrect API key provided.", code="invalid_api_key")
        case 403:
            return ModelError(403, "You have no access to this model.", "permission_error")
        case 404:
            return ModelError(404, "The model does not exist.", code="model_not_found")
        case 429:
            return ModelError(
                429,
                "Rate limit reached. Please try again later.",
                "requests",
                "rate_limit_exceeded",
                headers={"retry-after": str(RETRY_AFTER_SECONDS)},
            )
        case _ if status >= 500:
            return ModelError(status, "The server had an error.", "server_error")
        case _:
            return ModelError(status, f"As ordered: {status}.")
