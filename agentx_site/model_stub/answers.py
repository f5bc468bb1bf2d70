"""What the demo model answers: it follows from the request alone, in the order of `answer`. Pure."""

import json
import re
from collections.abc import Callable, Iterator

from agentx_site.model_stub.asking import Answer, Asked, Call, Offered, Said
from agentx_site.model_stub.making import made
from agentx_site.model_stub.orders import orders_in

# What a user says, or a line of the instructions: `use clock`, `use: ask_echo {"message": "{text}"}`.
USE = re.compile(r"\buse:?\s+([A-Za-z0-9_.-]*[A-Za-z0-9_])\s*", re.IGNORECASE)
USE_LINE = re.compile(r"^\s*use:\s.*$", re.MULTILINE | re.IGNORECASE)
REPLY = re.compile(r"^[ \t]*reply:[ \t]*(.+)$", re.MULTILINE | re.IGNORECASE)
NAME_ASKED = re.compile(r"what(?:'s| is) my name", re.IGNORECASE)
NAME_TOLD = re.compile(r"my name is (\w+)", re.IGNORECASE)
# How AutoGen's selector asks who is next.
NEXT_ROLE = re.compile(r"select the next role from \[(.*?)\]", re.IGNORECASE | re.DOTALL)
# How CrewAI wants answers of agents to look.
FINAL_ANSWER = "Final Answer:"


def answer(asked: Asked) -> Answer:
    """Calls of tools that are due, else words."""
    if calls := _calls(asked):
        return Answer(calls=calls if asked.parallel else calls[:1])
    text = _words(asked)
    if asked.most is not None and len(text.split()) > asked.most:
        return Answer(" ".join(text.split()[: asked.most]), is_cut=True)
    return Answer(text)


# ---- Tools


def _calls(asked: Asked) -> list[Call]:
    if asked.choice == "none" or not asked.tools:
        return []
    if asked.choice not in ("auto", "required"):
        return [_made_up(tool, asked) for tool in asked.tools if tool.name == asked.choice]
    again = orders_in(asked.user_text).loops
    if (again or _results(asked) is None) and (calls := list(_ordered(asked))):
        return calls
    # Frameworks put a tool that takes the structured answer behind the others.
    return [_made_up(asked.tools[-1], asked)] if asked.choice == "required" else []


def _ordered(asked: Asked) -> Iterator[Call]:
    """What the user says is to be used, else what the instructions say is used for everything."""
    own = USE_LINE.findall(asked.instructions)
    for text in (asked.user_text, "\n".join(own)):
        found = [call for match in USE.finditer(text) if (call := _ordered_call(match, asked))]
        if found:
            yield from found
            return


def _ordered_call(match: re.Match[str], asked: Asked) -> Call | None:
    tool = _named(match[1], asked)
    if tool is None:
        return None
    told = _arguments(match.string[match.end() :])
    if told is None:
        return _made_up(tool, asked)
    return Call(tool.name, json.dumps(_filled(told, asked.user_text), ensure_ascii=False))


def _named(name: str, asked: Asked) -> Offered | None:
    """By its name, or by how it ends: some frameworks put a plugin's name before it."""
    exact = (tool for tool in asked.tools if tool.name == name)
    ending = (tool for tool in asked.tools if re.search(rf"[-._]{re.escape(name)}$", tool.name))
    return next(exact, None) or next(ending, None)


def _arguments(text: str) -> object | None:
    if not text.startswith("{"):
        return None
    try:
        return dict(json.JSONDecoder().raw_decode(text)[0])
    except ValueError:
        return None


def _filled(told: object, text: str) -> object:
    """With what the user said in place of {text}."""
    if isinstance(told, str):
        return told.replace("{text}", text)
    if isinstance(told, dict):
        return {name: _filled(value, text) for name, value in told.items()}
    return [_filled(each, text) for each in told] if isinstance(told, list) else told


def _made_up(tool: Offered, asked: Asked) -> Call:
    arguments = made({"type": "object", **tool.parameters}, asked.user_text)
    return Call(tool.name, json.dumps(arguments, ensure_ascii=False))


def _results(asked: Asked) -> list[str] | None:
    """What the tools said, when that is the last thing said.

    CrewAI asks behind it, as the user, to look at it; who says `use` again means a new call.
    """
    rest = list(asked.messages)
    while rest and rest[-1].role in ("user", "system") and not _orders_a_tool(rest[-1], asked):
        rest.pop()
    found: list[str] = []
    while rest and rest[-1].role == "tool":
        found.insert(0, rest.pop().text)
    return found or None


def _orders_a_tool(message: Said, asked: Asked) -> bool:
    return any(_named(match[1], asked) for match in USE.finditer(message.text))


# ---- Words


def _words(asked: Asked) -> str:
    count = orders_in(asked.user_text).words
    if count:
        return " ".join(f"w{number}" for number in range(1, count + 1))
    rules: tuple[Callable[[Asked], str | None], ...] = (
        _shaped, _chosen, _replied, _told, _remembered,
    )  # fmt: skip
    for rule in rules:
        if (text := rule(asked)) is not None:
            return text
    return _finished(_echoed(asked), asked)


def _shaped(asked: Asked) -> str | None:
    """JSON, where its schema is told."""
    if asked.schema is None:
        return None
    return json.dumps(made(asked.schema, asked.user_text), ensure_ascii=False)


def _chosen(asked: Asked) -> str | None:
    """The first who has not spoken yet, to who asks which role is next."""
    text = "\n".join(each.text for each in asked.messages)
    match = NEXT_ROLE.search(text)
    if match is None:
        return None
    names = [name.strip().strip("'\"") for name in match[1].split(",")]
    silent = (name for name in names if not re.search(rf"(?m)^\s*{re.escape(name)}:.*\w", text))
    return next(silent, names[0])


def _replied(asked: Asked) -> str | None:
    """As a line of the instructions says."""
    match = REPLY.search(asked.instructions)
    results = _results(asked)
    if match is None or (results is not None and "{result}" not in match[1]):
        return None
    told = "; ".join(results or ())
    filled = match[1].strip().replace("{text}", asked.user_text).replace("{result}", told)
    return _finished(filled, asked)


def _told(asked: Asked) -> str | None:
    results = _results(asked)
    if results is None:
        return None
    return _finished(f"The tool says: {'; '.join(results)}.", asked)


def _remembered(asked: Asked) -> str | None:
    if not NAME_ASKED.search(asked.user_text):
        return None
    names = [name for each in asked.messages for name in NAME_TOLD.findall(each.text)]
    return _finished(f"Your name is {names[-1]}." if names else "I do not know your name.", asked)


def _echoed(asked: Asked) -> str:
    said = f"You said: {asked.user_text}" if asked.user_text or not asked.pictures else ""
    if not asked.pictures:
        return said
    plural = "" if asked.pictures == 1 else "s"
    return f"{said} I see {asked.pictures} picture{plural}.".strip()


def _finished(text: str, asked: Asked) -> str:
    if not any(_wants_final(each) for each in asked.messages):
        return text
    return f"Thought: I now can give a great answer\n{FINAL_ANSWER} {text}"


def _wants_final(message: Said) -> bool:
    return (
        message.role != "assistant" and FINAL_ANSWER in message.text and "Thought:" in message.text
    )
