"""Own code that is no graph: a chain, a model, any Runnable. The kit keeps its conversation."""

from collections.abc import AsyncIterator
from typing import Any

from agentx_sdk import ConfigError, Part
from agentx_sdk.langchain.messages import text_of, to_native
from agentx_sdk.langchain.usage import Watch
from agentx_sdk.llm import Exchange
from langchain_core.messages import BaseMessage
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import Runnable, RunnableSequence

HISTORIES = ("messages", "history", "chat_history")


class RunnableAgent:
    """`input_key`, `output_key`: as configured; empty: found out."""

    def __init__(self, made: Any, input_key: str, output_key: str) -> None:
        """Raises `ConfigError`."""
        if not isinstance(made, Runnable):
            why = f"is a {type(made).__name__}: a Runnable of LangChain is needed"
            raise ConfigError(f"the code {why}", {"code": why})
        self._runnable = made
        self._output_key = output_key
        self._keys = _keys(made)
        self._input_key = input_key or _text_key(self._keys)

    async def converse(self, exchange: Exchange) -> AsyncIterator[Any]:
        """Words as they come; anything else when it is whole."""
        exchange.keeps_words = True
        whole: Any = None
        async for piece in self._runnable.astream(
            self._input(exchange), {"callbacks": [Watch(exchange)]}
        ):
            told = self._words(piece)
            if told is None:
                whole = piece if whole is None else _added(whole, piece)
            else:
                yield told
        if whole is not None:
            yield Part(data=self._chosen(whole))

    def _words(self, piece: Any) -> str | None:
        piece = self._chosen(piece)
        if isinstance(piece, BaseMessage):
            return text_of(piece)
        return piece if isinstance(piece, str) else None

    def _chosen(self, piece: Any) -> Any:
        if self._output_key and isinstance(piece, dict):
            return piece.get(self._output_key, "")
        return piece.model_dump(mode="json") if _is_model(piece) else piece

    def _input(self, exchange: Exchange) -> Any:
        """A chat model takes messages, a prompt the keys that it names, a function the text."""
        if self._keys is None:
            return to_native(exchange.messages)
        if not self._keys:
            return exchange.turn.text
        data = [part.data for part in exchange.turn.parts if part.kind == "data"]
        named = {k: v for each in data if isinstance(each, dict) for k, v in each.items()}
        given = {name: named[name] for name in self._keys if name in named}
        for name in self._keys:
            if name in HISTORIES and name not in given:
                alone = self._input_key in ("", name)
                given[name] = to_native(exchange.messages if alone else exchange.history)
        return {self._input_key: exchange.turn.text, **given} if self._input_key else given


def _keys(made: Runnable[Any, Any]) -> list[str] | None:
    """The names that it wants; none: text; None: messages."""
    first = made.first if isinstance(made, RunnableSequence) else made
    if isinstance(first, ChatPromptTemplate):
        return [*first.input_variables, *first.optional_variables]
    schema = made.get_input_jsonschema()
    if schema.get("type") == "object" and schema.get("properties"):
        return list(schema["properties"])
    takes_messages = "anyOf" in schema or schema.get("type") == "array"
    return None if takes_messages else []


def _text_key(keys: list[str] | None) -> str:
    texts = [name for name in keys or () if name not in HISTORIES]
    return texts[0] if texts else ""


def _added(whole: Any, piece: Any) -> Any:
    """Pieces of an object: later ones are more of it, or all of it."""
    return {**whole, **piece} if isinstance(whole, dict) and isinstance(piece, dict) else piece


def _is_model(value: Any) -> bool:
    return hasattr(value, "model_dump") and not isinstance(value, BaseMessage)
