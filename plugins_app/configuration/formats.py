"""Configurations as text: JSON, YAML and TOML, in and out; and on which line each field stands."""

import json
import math
import re
import tomllib
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any, Final

import tomli_w
import yaml

from plugins_app.configuration.secrets import Json, Path, dotted
from security.errors import InvalidInput

FORMATS: Final = ("json", "yaml", "toml")
ENDINGS: Final = {"json": "json", "yaml": "yaml", "yml": "yaml", "toml": "toml"}
MAX_TEXT: Final = 1 << 20  # bytes
MAX_DEPTH: Final = 64
_RARE_BREAKS: Final = re.compile("[\r\x85\u2028\u2029]")
# A TOML line that opens a table, one of a list of tables, or sets a key.
_TABLE: Final = re.compile(r"^\s*(\[\[?)\s*(.+?)\s*\]\]?\s*(?:#.*)?$")
_KEY: Final = re.compile(
    r"""^\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*="""
)
_PART: Final = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")


class _Dumper(yaml.SafeDumper):
    """PyYAML's own loses the rarer line breaks in a text: those are written with escapes."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = '"' if _RARE_BREAKS.search(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def written(config: Json, format: str) -> str:
    """The text of a configuration, its fields by name. Raises `InvalidInput` where the format cannot say it."""
    config = _sorted(config)
    match format:
        case "yaml":
            return yaml.dump(config, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
        case "toml":
            if nothing := next(_nulls(config, ()), None):
                told = f"TOML has no null, which {dotted(nothing)} is: take JSON or YAML."
                raise InvalidInput(told, fields={dotted(nothing): "is null"})
            return tomli_w.dumps(config)
        case _:
            return json.dumps(config, indent=2, ensure_ascii=False) + "\n"


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value


def read(text: str, format: str) -> Json:
    """The configuration in a text. Raises `InvalidInput` that names the line."""
    if len(text.encode(errors="replace")) > MAX_TEXT:
        raise InvalidInput(f"A configuration has at most {MAX_TEXT} bytes.")
    try:
        value = _parsed(text, format)
    except RecursionError:
        raise InvalidInput(f"It is deeper than {MAX_DEPTH}.") from None
    if value is None and format == "yaml":
        value = {}  # a file with nothing, or with comments only
    if not isinstance(value, dict):
        raise InvalidInput("A configuration must be an object: fields with their values.")
    told: Json = _plain(value, ())
    return told


def lines(text: str, format: str) -> dict[str, int]:
    """The line of each dotted field, from 1, as far as it can be told. Never raises for a text that could be read."""
    try:
        if format == "toml":
            return _toml_lines(text)
        # JSON is YAML but for tabs between its tokens.
        node = yaml.compose(text.replace("\t", " ") if format == "json" else text, yaml.SafeLoader)
        return dict(_yaml_lines(node, ())) if node else {}
    except (yaml.YAMLError, ValueError, RecursionError):
        return {}


def with_lines(problems: dict[str, str], text: str, format: str) -> dict[str, str]:
    """Each problem with its line; of a field that is missing, the line of the object it should be in."""
    known = lines(text, format)
    return {
        name: f"{why} ({_line_of(name, known)})" if known else why for name, why in problems.items()
    }


def _line_of(name: str, known: dict[str, int]) -> str:
    while name and name not in known:
        name = name.rpartition(".")[0]
    return f"line {known.get(name, 1)}"


def _parsed(text: str, format: str) -> Any:
    match format:
        case "yaml":
            return _yaml(text)
        case "toml":
            return _toml(text)
        case "json":
            return _json(text)
    raise InvalidInput(f"A configuration is read as {', '.join(FORMATS)}, not as {format[:20]!r}.")


def _json(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        told = f"This is no JSON: {error.msg} (line {error.lineno}, column {error.colno})."
        raise InvalidInput(told) from None


def _once(pairs: list[tuple[str, Any]]) -> Json:
    """An object of JSON; a key that comes twice is a mistake nobody would see."""
    held: Json = {}
    for key, value in pairs:
        if key in held:
            raise InvalidInput(f"The field {key[:100]!r} comes twice.")
        held[key] = value
    return held


def _toml(text: str) -> Any:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidInput(f"This is no TOML: {error}.") from None


def _yaml(text: str) -> Any:
    try:
        for event in yaml.parse(text, yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent):
                line = f" (line {event.start_mark.line + 1})" if event.start_mark else ""
                # A few lines of them can mean gigabytes.
                raise InvalidInput(f"Aliases (*{event.anchor}) are not taken{line}.")
        _require_once(yaml.compose(text, yaml.SafeLoader))
        return yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        place = f" (line {error.problem_mark.line + 1})" if error.problem_mark else ""
        raise InvalidInput(f"This is no YAML: {error.problem}{place}.") from None
    except (yaml.YAMLError, ValueError) as error:
        raise InvalidInput(f"This is no YAML: {str(error).splitlines()[0]}.") from None


def _require_once(node: yaml.Node | None) -> None:
    if isinstance(node, yaml.SequenceNode):
        for inner in node.value:
            _require_once(inner)
    if not isinstance(node, yaml.MappingNode):
        return
    seen = set()
    for key, inner in node.value:
        if key.value in seen:
            told = f"The field {key.value!r} comes twice (line {key.start_mark.line + 1})."
            raise InvalidInput(told)
        seen.add(key.value)
        _require_once(inner)


def _plain(value: Any, path: Path) -> Any:
    """As JSON has it: dates become text. Raises `InvalidInput` for what JSON cannot say."""
    if len(path) > MAX_DEPTH:
        raise InvalidInput(f"It is deeper than {MAX_DEPTH}.")
    match value:
        case dict():
            return {_key(key, path): _plain(item, (*path, str(key))) for key, item in value.items()}
        case list():
            return [_plain(item, (*path, index)) for index, item in enumerate(value)]
        case datetime() | date() | time():
            return value.isoformat()
        case float() if not math.isfinite(value):
            problem = "must be a number that JSON has"
        case str() if "\0" in value or _is_broken(value):
            problem = "holds a character that cannot be stored"
        case None | bool() | int() | float() | str():
            return value
        case _:
            problem = f"is a {type(value).__name__}, which JSON does not have"
    raise InvalidInput(f"{dotted(path)} {problem}.", fields={dotted(path): problem})


def _key(key: Any, path: Path) -> str:
    if isinstance(key, str) and "\0" not in key and not _is_broken(key):
        return key
    where = dotted((*path, str(key)))
    raise InvalidInput(f"{where!r}: the name of a field must be text.", fields={where: "no text"})


def _is_broken(text: str) -> bool:
    """Half of a surrogate pair, which JSON can spell and nothing can store."""
    return any("\ud800" <= character <= "\udfff" for character in text)


def _nulls(value: Any, path: Path) -> Iterator[Path]:
    if value is None:
        yield path
    inner = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, item in inner:
        yield from _nulls(item, (*path, key))


def _yaml_lines(node: yaml.Node, path: Path) -> Iterator[tuple[str, int]]:
    if isinstance(node, yaml.MappingNode):
        for key, inner in node.value:
            under = (*path, str(key.value))
            yield dotted(under), key.start_mark.line + 1
            yield from _yaml_lines(inner, under)
    elif isinstance(node, yaml.SequenceNode):
        for index, inner in enumerate(node.value):
            under = (*path, index)
            yield dotted(under), inner.start_mark.line + 1
            yield from _yaml_lines(inner, under)


def _toml_lines(text: str) -> dict[str, int]:
    """By the look of its lines: enough to find a field, not to read one."""
    found: dict[str, int] = {}
    counts: dict[str, int] = {}
    table: Path = ()
    for number, line in enumerate(text.splitlines(), 1):
        if opened := _TABLE.match(line):
            table = _parts(opened[2])
            if opened[1] == "[[":
                name = dotted(table)
                table = (*table, counts.get(name, 0))
                counts[name] = counts.get(name, 0) + 1
            found.setdefault(dotted(table), number)
        elif key := _KEY.match(line):
            found.setdefault(dotted((*table, *_parts(key[1]))), number)
    return found


def _parts(name: str) -> Path:
    return tuple(part.strip("\"'") for part in _PART.findall(name))
