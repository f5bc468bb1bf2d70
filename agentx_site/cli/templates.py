"""Files to begin with: their names end in `.template`, and `{{word}}` in them is filled in."""

import re
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent / "templates"
SUFFIX: Final = ".template"
DOTTED: Final = {"gitignore", "agentxignore"}


def filled(template: Path, words: dict[str, str]) -> dict[Path, bytes]:
    """The files of a template's folder, by their names in the project."""
    sources = sorted(path for path in template.rglob("*") if path.is_file())
    return {
        target(path.relative_to(template)): put_in(path.read_text(), words).encode()
        for path in sources
    }


def target(name: Path) -> Path:
    """What a template is called in the project."""
    bare = name.name.removesuffix(SUFFIX)
    return name.with_name(f".{bare}" if bare in DOTTED else bare)


def put_in(text: str, words: dict[str, str]) -> str:
    """The text with its words filled in."""
    return re.sub(r"\{\{(\w+)\}\}", lambda match: words[match[1]], text)
