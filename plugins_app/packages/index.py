"""A registry's index: what can be had of it. One form for a static folder and for another AgentX.

`{"agentx_registry": 1, "packages": [{"name", "version", "description", "sha256", "size", "file", "signature", "yanked",
"kind", "framework", "capabilities", "dependencies"}]}`; `file` is relative to the index, `yanked` says why, or is empty.
"""

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import orjson

from plugins_app.errors import InvalidRegistry
from plugins_app.packages import versions
from plugins_app.packages.archive import MAX_PACKED_BYTES, Built

FILE_NAME: Final = "index.json"
FORMAT: Final = 1
MAX_BYTES: Final = 16 << 20
MAX_ENTRIES: Final = 20_000
MAX_TEXT: Final = 4000
_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One version of one plugin."""

    name: str
    version: str
    sha256: str
    file: str
    size: int = 0
    description: str = ""
    signature: str = ""
    yanked: str = ""
    kind: str = "custom"
    framework: str = ""
    capabilities: list[str] = field(default_factory=list)
    dependencies: list[dict[str, Any]] = field(default_factory=list)


def read(content: bytes) -> list[Entry]:
    """Entries that can be used; what is newer than this AgentX knows is left out. Raises `InvalidRegistry`."""
    try:
        document = orjson.loads(content)
        told = document["packages"]
        if document["agentx_registry"] != FORMAT or not isinstance(told, list):
            raise ValueError
    except (ValueError, KeyError, TypeError):
        raise InvalidRegistry("Its index.json is no index of an AgentX registry.") from None
    return [entry for each in told[:MAX_ENTRIES] if (entry := _entry(each)) is not None]


def write(entries: Iterable[Entry]) -> bytes:
    ordered = sorted(entries, key=lambda each: (each.name, versions.key(each.version)))
    document = {"agentx_registry": FORMAT, "packages": [asdict(each) for each in ordered]}
    return orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n"


def entry_of(built: Built, signature: str) -> Entry:
    """What a static folder says of a package that lies beside its index."""
    manifest = built.manifest
    return Entry(
        name=built.name,
        version=built.version,
        sha256=built.sha256,
        file=built.file_name,
        size=len(built.content),
        description=manifest["metadata"].get("description", ""),
        signature=signature,
        kind=manifest.get("kind", "custom"),
        framework=manifest.get("framework", ""),
        capabilities=manifest.get("capabilities", []),
        dependencies=manifest.get("dependencies", []),
    )


def chosen(entries: Iterable[Entry], name: str, spec: str) -> Entry | None:
    """The newest version that fits; a yanked one only when `spec` is exactly that version."""
    rows = {each.version: each for each in entries if each.name == name}
    usable = [version for version, each in rows.items() if not each.yanked]
    version = choice(usable, rows, spec)
    return None if version is None else rows[version]


def choice(usable: Iterable[str], every: Iterable[str], spec: str) -> str | None:
    """An exact version out of all, else the newest of the usable ones that fits."""
    exact = spec.strip().removeprefix("==").strip()
    return exact if exact in set(every) else versions.newest(usable, spec)


def matching(entries: Iterable[Entry], words: str) -> list[Entry]:
    """The newest of each plugin in whose name, description, framework, kind or capabilities all words are."""
    newest: dict[str, Entry] = {}
    for each in sorted(entries, key=lambda one: versions.key(one.version)):
        if not each.yanked:
            newest[each.name] = each
    wanted = words.casefold().split()
    return [newest[name] for name in sorted(newest) if _holds(newest[name], wanted)]


def _holds(entry: Entry, words: list[str]) -> bool:
    told = [entry.name, entry.description, entry.framework, entry.kind, *entry.capabilities]
    text = " ".join(told).casefold()
    return all(word in text for word in words)


def _entry(told: Any) -> Entry | None:
    """None for what cannot be used: a registry may hold what only later versions understand."""
    if not isinstance(told, dict):
        return None
    texts = {name: _text(told.get(name)) for name in _TEXTS}
    size, capabilities = told.get("size"), told.get("capabilities")
    needs = told.get("dependencies")
    sound = (
        _NAME.fullmatch(texts["name"])
        and _SHA256.fullmatch(texts["sha256"])
        and versions.is_version(texts["version"])
        and texts["file"]
        and isinstance(size, int)
        and 0 <= size <= MAX_PACKED_BYTES
    )
    if not sound or not isinstance(size, int):
        return None
    return Entry(
        **texts,
        size=size,
        capabilities=[_text(each) for each in capabilities or () if isinstance(each, str)]
        if isinstance(capabilities, list)
        else [],
        dependencies=[each for each in needs if isinstance(each, dict)]
        if isinstance(needs, list)
        else [],
    )


_TEXTS: Final = (
    *("name", "version", "sha256", "file", "description", "signature", "yanked", "kind"),
    "framework",
)


def _text(value: Any) -> str:
    return value[:MAX_TEXT].replace("\0", "") if isinstance(value, str) else ""
