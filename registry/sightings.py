"""What was seen of an agent elsewhere: its card as it was read, and how one look at it went. Pure."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from registry.cards import digest

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class FoundCard:
    """A card as it was read from its URL, and who signed it (`registry.signing.Verdict`'s state and why)."""

    url: str
    card: Json
    etag: str = ""
    signature: str = "unsigned"
    signature_detail: str = ""

    @property
    def digest(self) -> str:
        return digest(self.card)


@dataclass(frozen=True, slots=True)
class Look:
    """What one look found. `found` is the card when it was told anew; None: not asked for, or as before."""

    upstream_id: UUID
    is_ok: bool
    detail: str = ""
    milliseconds: int = 0
    found: FoundCard | None = None
