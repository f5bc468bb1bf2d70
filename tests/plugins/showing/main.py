"""Shows whatever a console has to draw, on order: tool calls, usage, forms, failures, a conversation's memory."""

import asyncio

from agentx_sdk import (
    Adapter,
    InputRequired,
    Part,
    TaskFailed,
    ToolCall,
    ToolResult,
    Usage,
    run,
)

FORM = {
    "type": "object",
    "title": "Where to",
    "required": ["city", "nights"],
    "properties": {
        "city": {"type": "string", "title": "City", "description": "Any will do.", "minLength": 2},
        "nights": {"type": "integer", "minimum": 1, "maximum": 30, "default": 2},
        "budget": {"type": "number", "description": "In euros."},
        "breakfast": {"type": "boolean", "default": True},
        "class": {"enum": ["plain", "fine"], "default": "plain"},
        "guests": {"type": "array", "items": {"type": "string"}},
        "extras": {"type": "object", "description": "Anything else."},
    },
}
APPROVAL = {
    "type": "object",
    "required": ["approved"],
    "properties": {"approved": {"type": "boolean", "description": "May it be sent?"}},
}


# What nobody can fill in: no schema, too much of one, and one that only looks right.
ODD = {
    "odd properties": {"a": None, "b": 5},
    "odd many": {f"field-{n}": {} for n in range(50_000)},
    "odd default": {"a": {"type": "array", "items": {"type": "string"}, "default": 7}},
    "odd type": {"<img src=x onerror=alert(1)>": {"type": "constructor"}},
}


class Showing(Adapter):
    version = "1.0.0"
    capabilities = ("text", "data", "streaming", "multi-turn")
    input_modes = output_modes = ("text/plain", "application/json")

    async def process(self, turn):
        words, chosen = turn.text, [part.data for part in turn.parts if part.kind == "data"]
        if chosen:
            yield Part(data={"you chose": chosen[0]})
        elif words.startswith("tools"):
            async for each in self._tools(float(words.partition(" ")[2] or 0)):
                yield each
        elif words.startswith("form"):
            yield InputRequired("Where shall it be?", schema=FORM)
        elif words in ODD:
            yield InputRequired(
                "Fill this in.", schema={"type": "object", "properties": ODD[words]}
            )
        elif words.startswith("approve"):
            yield InputRequired("This will be sent to everybody.", schema=APPROVAL)
        elif words.startswith("limited"):
            yield Usage("demo-1", 7, 0)
            seconds = float(words.partition(" ")[2] or 7)
            told = {"retryAfterSeconds": seconds}
            raise TaskFailed("the model takes no more for now (429)", "model_rate_limited", told)
        elif words.startswith("fail"):
            raise TaskFailed("the model cannot be reached", "model_unreachable")
        else:
            turn.memory["said"] = [*turn.memory.get("said", []), words]
            yield f"You said {len(turn.memory['said'])} things."

    async def _tools(self, pause):
        yield "Let me look. "
        yield ToolCall("call-1", "weather", {"city": "Oslo", "days": [1, 2, 3]})
        await asyncio.sleep(pause)
        yield ToolResult("call-1", "weather", {"temperature": -3, "sky": "clear"})
        yield ToolCall("call-2", "book", {"hotel": "Grand"})
        await asyncio.sleep(pause)
        yield ToolResult("call-2", "book", error="it did not return within 5 s")
        yield "It is cold in Oslo."
        yield Usage("demo-1", 120, 35, cost=0.0042)


run(Showing())
