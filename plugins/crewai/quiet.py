"""What CrewAI does besides its work, and what has no place in a plugin: panels, reports, databases."""

import logging

from crewai.events import crewai_event_bus
from crewai.events.event_listener import event_listener
from crewai.flow.flow import Flow


def install() -> None:
    """Take CrewAI's own listeners off its event bus. Those of own code stay, and come as ever."""
    event_listener.formatter.verbose = False
    logging.getLogger().addFilter(_is_worth_a_line)
    # Else each flow opens a vector database, which takes seconds and needs OpenAI's embeddings.
    Flow._skip_auto_memory = True  # type: ignore[attr-defined]
    bus = crewai_event_bus
    for handlers in (bus._sync_handlers, bus._async_handlers):
        for kind, found in list(handlers.items()):
            for handler in found:
                if handler.__module__.startswith("crewai."):
                    bus.off(kind, handler)


def _is_worth_a_line(record: logging.LogRecord) -> bool:
    """CrewAI writes several lines a request into the root logger."""
    return record.levelno >= logging.WARNING or "/crewai/" not in record.pathname
