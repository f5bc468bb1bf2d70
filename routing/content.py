"""What the parts of A2A messages and artifacts hold, for whoever shows or saves them. Pure."""

import base64
import binascii
import re
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlsplit

Json = dict[str, Any]
BYTES: Final = "application/octet-stream"
TEXT_SHOWN: Final = 100_000  # characters of one part; all of it is in the download
# What a browser draws and never runs: no SVG, which may hold scripts.
IMAGES: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"})
MEDIA_TYPE: Final = re.compile(r"[\w!#$&^.+-]{1,64}/[\w!#$&^.+-]{1,64}", re.ASCII)
TOOLS: Final = frozenset({"tool_call", "tool_result"})
FORM: Final = "application/schema+json"  # a JSON Schema of what the reader is asked for
MOST_FIELDS: Final = 200  # of a form; more is shown as the JSON that it is
MOST_CHOICES: Final = 1_000
EXTENSIONS: Final = {"text/plain": "txt", "application/json": "json"}


@dataclass(frozen=True, slots=True)
class Shown:
    """A part as a page shows it. `kind`: text, data, form, image, file or link; `size` in bytes, of files.

    Of a form, `data` is the JSON Schema of what is asked for.
    """

    kind: str
    text: str = ""
    is_cut: bool = False
    data: Any = None
    filename: str = ""
    media_type: str = ""
    size: int = 0
    url: str = ""  # of a link, only when a browser may follow it
    host: str = ""


@dataclass(frozen=True, slots=True)
class Saved:
    """A part as a file."""

    body: bytes
    media_type: str
    filename: str

    @property
    def is_image(self) -> bool:
        return self.media_type in IMAGES


def shown(part: Json) -> Shown:
    """Of an A2A Part, without decoding what is only named."""
    named = Shown("data", filename=str(part.get("filename", "")), media_type=_media_type(part))
    if "text" in part:
        text = str(part["text"])
        return replace(named, kind="text", text=text[:TEXT_SHOWN], is_cut=len(text) > TEXT_SHOWN)
    if "raw" in part:
        kind = "image" if named.media_type in IMAGES else "file"
        return replace(named, kind=kind, size=_decoded_size(str(part["raw"])))
    if "url" in part:
        return _link(str(part["url"]), named)
    kind = "form" if form_of(part) is not None else "data"
    return replace(named, kind=kind, data=part.get("data"))


def tool_of(part: Json) -> tuple[str, Json] | None:
    """Of a part that tells of a tool: whether it is a `tool_call` or a `tool_result`, and what it says."""
    metadata, data = part.get("metadata"), part.get("data")
    ours = metadata.get("agentx") if isinstance(metadata, dict) else None
    kind = ours.get("kind") if isinstance(ours, dict) else None
    return (kind, data) if kind in TOOLS and isinstance(data, dict) else None


def form_of(part: Json) -> Json | None:
    """The JSON Schema of a part that is a form to fill in. What agents say may be anything: what cannot be drawn is none."""
    data = part.get("data")
    return data if _media_type(part) == FORM and _is_form(data) else None


def _is_form(schema: Any) -> bool:
    """Whether its words are what JSON Schema says they are, as far as somebody reads them."""
    if not isinstance(schema, dict):
        return False
    enum, fields = schema.get("enum", [None]), schema.get("properties", {})
    told = schema.get("type", "")
    return (
        isinstance(enum, list)
        and 0 < len(enum) <= MOST_CHOICES
        and isinstance(fields, dict)
        and len(fields) <= MOST_FIELDS
        and all(map(_is_form, fields.values()))
        and _are_words(schema.get("required", []))
        and _are_words(told if isinstance(told, list) else [told])
        and _are_words([schema.get("title", ""), schema.get("description", "")])
        and ("items" not in schema or _is_form(schema["items"]))
    )


def _are_words(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _link(url: str, named: Shown) -> Shown:
    """Followed only where it leads by http or https to a host."""
    try:
        split = urlsplit(url)
        host = split.hostname or ""
    except ValueError:
        return replace(named, kind="link", text=url)
    safe = split.scheme in ("http", "https") and host
    return replace(named, kind="link", text=url, url=url if safe else "", host=host)


def saved(part: Json, name: str) -> Saved | None:
    """What a download of this part holds; None where there is nothing to save. `name` for a file without one."""
    filename = str(part.get("filename", "")).replace("\\", "/").rsplit("/", 1)[-1]
    media_type = _media_type(part)
    if "text" in part:
        media_type = media_type or "text/plain"
        body = str(part["text"]).encode(errors="replace")
    elif (raw := _decoded(str(part.get("raw", "")))) is not None and "raw" in part:
        media_type, body = media_type or BYTES, raw
    else:
        return None
    extension = EXTENSIONS.get(media_type) or media_type.rsplit("/", 1)[-1].split("+")[0]
    return Saved(body, media_type, filename or f"{name}.{extension[:16]}")


def runs(parts: list[Json]) -> list[tuple[int, Json]]:
    """An artifact's parts by number, with bare texts that follow one another as one: a stream's pieces."""
    found: list[tuple[int, Json]] = []
    for number, part in enumerate(parts):
        if found and part.keys() == found[-1][1].keys() == {"text"}:
            found[-1] = (found[-1][0], {"text": found[-1][1]["text"] + part["text"]})
        else:
            found.append((number, part))
    return found


def brief(parts: list[Json]) -> str:
    """A line or two: the text, and what else there is by its name."""
    return "\n".join(filter(None, map(_brief, parts)))


def _brief(part: Json) -> str:
    if tool := tool_of(part):
        kind, data = tool
        return _one_line(
            data.get("arguments")
            if kind == "tool_call"
            else data.get("error") or data.get("result")
        )
    told = shown(part)
    if told.kind == "form":
        return ", ".join(told.data.get("properties") or ())
    if told.kind == "text":
        return told.text
    if told.kind == "link":
        return told.text
    if told.kind == "data":
        return _one_line(told.data)
    return told.filename or told.media_type or "file"


def _one_line(data: Any) -> str:
    if data is None:
        return ""
    return (
        str(data) if not isinstance(data, dict) else ", ".join(f"{k}: {v}" for k, v in data.items())
    )


def _media_type(part: Json) -> str:
    """The declared type without its parameters; nothing that could break a header."""
    declared = str(part.get("mediaType", "")).split(";")[0].strip().lower()
    return declared if MEDIA_TYPE.fullmatch(declared) else ""


def _decoded_size(raw: str) -> int:
    return len(raw.rstrip("=")) * 3 // 4


def _decoded(raw: str) -> bytes | None:
    """Either alphabet of base64, padded or not, as ProtoJSON allows."""
    plain = raw.rstrip("=").translate(str.maketrans("-_", "+/"))
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
