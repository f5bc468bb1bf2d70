"""The words of a turn, in order, where several messages are written at the same time."""


class Words:
    """One message after another: who begins later waits. Between two of them stands an empty line."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[str]] = {}
        self._ended: set[str] = set()
        self._current = ""
        self.said = False  # anything at all

    def add(self, message_id: str, text: str) -> str:
        """What may be said now because of a piece of this message."""
        if not text:
            return ""
        if self._current in ("", message_id):
            begins, self._current = not self._current, message_id
            return self._spoken(text, begins=begins)
        self._waiting.setdefault(message_id, []).append(text)
        return ""

    def end(self, message_id: str) -> str:
        """What may be said because this message has ended."""
        self._ended.add(message_id)
        told = ""
        while self._current in self._ended:
            self._current = next(iter(self._waiting), "")
            told += self._spoken("".join(self._waiting.pop(self._current, ())), begins=True)
        return told

    def rest(self) -> str:
        """What is left."""
        waiting, self._waiting = self._waiting, {}
        return "".join(self._spoken("".join(each), begins=True) for each in waiting.values())

    def _spoken(self, text: str, *, begins: bool) -> str:
        if not text:
            return ""
        between = "\n\n" if begins and self.said else ""
        self.said = True
        return between + text
