"""What the models of a turn took, and how often they are asked."""

import threading
from typing import Any
from uuid import UUID

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.outputs import LLMResult

from agentx_sdk.langchain.models import ABOUT
from agentx_sdk.llm.config import ModelConfig
from agentx_sdk.llm.exchange import Exchange
from agentx_sdk.llm.models import priced


class Watch(BaseCallbackHandler):
    """Of one turn: whoever asks a model in it, a node, a tool or middleware, is counted."""

    run_inline = True
    raise_error = True

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._thread = threading.get_ident()
        self._models: dict[UUID, ModelConfig] = {}

    def on_chat_model_start(
        self,
        serialized: dict[str, Any],
        messages: Any,
        *,
        run_id: UUID,
        metadata: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Raises `TaskFailed` when the agent's limit is reached."""
        self._exchange.step()
        told_of = metadata or {}
        about = told_of.get(ABOUT) or {"name": str(told_of.get("ls_model_name", ""))}
        self._models[run_id] = ModelConfig(**about)

    def on_llm_end(self, response: LLMResult, *, run_id: UUID, **kwargs: Any) -> None:
        """Say what it took."""
        model = self._models.pop(run_id, None)
        message = (
            getattr(response.generations[0][0], "message", None) if response.generations else None
        )
        took = getattr(message, "usage_metadata", None)
        if model is not None and took:
            self._emit(priced(model, took["input_tokens"], took["output_tokens"]))

    def on_llm_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        """It took nothing that anybody told."""
        self._models.pop(run_id, None)

    def _emit(self, item: Any) -> None:
        """A plain node asks its model in a thread."""
        if threading.get_ident() == self._thread:
            self._exchange.emit(item)
        else:
            self._exchange.emit_from_thread(item)
