"""What a graph streams, as what a caller sees: words, tools, progress."""

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, ToolMessage
from langgraph.constants import TAG_NOSTREAM

from agentx_sdk.content import Part, Status
from agentx_sdk.langchain.messages import from_native, text_of
from agentx_sdk.langchain.words import Words
from agentx_sdk.llm.exchange import MEMBER

MODES: list[Any] = ["messages", "updates", "custom"]
INTERRUPT = "__interrupt__"
TOOLS = "tools"  # the node that runs them, in nearly every graph
HOOK = "."  # in the name of a node that is middleware: its name, and its hook's
OWN_MODEL = "lc_source"  # of middleware's own requests, in their metadata


class Seen:
    """One turn of a graph. `reply_nodes`: whose words are the reply; empty: everybody's.

    `shown`: names of tools that show themselves. `streams`: words leave as they come. After the stream,
    `interrupts` and `state` tell how it ended: the newest value of each key that a node gave.
    """

    def __init__(
        self, reply_nodes: Collection[str], shown: Collection[str], *, streams: bool
    ) -> None:
        self._reply_nodes = reply_nodes
        self._shown = shown
        self._streams = streams
        self._calls: set[str] = set()
        self.words = Words()
        self.state: dict[str, Any] = {}
        self.interrupts: list[Any] | None = None

    def items(self, ns: tuple[str, ...], mode: str, data: Any) -> Iterator[Any]:
        """What becomes visible because of one piece of the stream."""
        if mode == "custom":
            yield progress(data)
        elif mode == "messages":
            yield from self._message(ns, *data)
        else:
            for node, update in data.items():
                yield from self._update(ns, node, update)

    def last_words(self) -> str:
        """Of the last message that a node gave, for a graph that streamed none."""
        messages = self.state.get("messages")
        last = messages[-1] if isinstance(messages, list) and messages else messages
        return text_of(last) if isinstance(last, AIMessage) else ""

    def _message(self, ns: tuple[str, ...], message: Any, about: dict[str, Any]) -> Iterator[str]:
        piece = isinstance(message, AIMessageChunk)
        if not isinstance(message, AIMessage) or not self._is_reply(ns, about, piece=piece):
            return
        message_id = message.id or ""
        if text := self.words.add(message_id, text_of(message)):
            yield text
        ends = not piece or getattr(message, "chunk_position", None) == "last"
        if ends and (text := self.words.end(message_id)):
            yield text

    def _is_reply(self, ns: tuple[str, ...], about: dict[str, Any], *, piece: bool) -> bool:
        if not self._streams or OWN_MODEL in about or TAG_NOSTREAM in about.get("tags", ()):
            return False
        path = [*(each.partition(":")[0] for each in ns), about["langgraph_node"]]
        if TOOLS in path:
            return False
        says_itself = HOOK in path[0] and not piece  # middleware that ends the turn with words
        return says_itself or not self._reply_nodes or path[0] in self._reply_nodes

    def _update(self, ns: tuple[str, ...], node: str, update: Any) -> Iterator[Any]:
        if node == INTERRUPT:
            if not ns:
                self.interrupts = [*(self.interrupts or ()), *update]
            return
        for each in update if isinstance(update, list) else [update]:
            if not isinstance(each, dict):
                self.state |= {node: each} if each is not None and not ns else {}
                continue
            if not ns:
                self.state |= each
            yield from self._tools(_messages(each))
            if not ns and self._speaks_aside(node):
                yield from _said_by(node, _messages(each))

    def _speaks_aside(self, node: str) -> bool:
        return (
            bool(self._reply_nodes) and node not in {TOOLS, *self._reply_nodes} and HOOK not in node
        )

    def _tools(self, messages: Iterable[BaseMessage]) -> Iterator[Any]:
        """Calls of tools that do not show themselves: an application's own."""
        for message in from_native(each for each in messages if _is_tool(each)):
            for call in message.calls:
                if call.name not in self._shown and call.id not in self._calls:
                    self._calls.add(call.id)
                    yield call
            for result in message.results:
                if result.name not in self._shown:
                    yield result


def progress(told: Any) -> Status:
    """What a node writes to the custom stream."""
    return Status(told if isinstance(told, (str, dict, list, Part)) else str(told))


def _is_tool(message: BaseMessage) -> bool:
    return isinstance(message, (AIMessage, ToolMessage))


def _messages(update: dict[str, Any]) -> list[BaseMessage]:
    told = update.get("messages", ())
    found = told if isinstance(told, (list, tuple)) else [told]
    return [each for each in found if isinstance(each, BaseMessage)]


def _said_by(node: str, messages: Iterable[BaseMessage]) -> Iterator[Status]:
    """Words on the way to the reply, with who said them."""
    for message in messages:
        if isinstance(message, AIMessage) and (text := text_of(message)):
            yield Status(Part(text=text, metadata={"agentx": {"kind": MEMBER, "name": node}}))
