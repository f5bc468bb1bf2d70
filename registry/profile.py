"""What the message path has to know of an agent's card, small enough to be at hand for every message. Pure."""

from dataclasses import asdict, dataclass
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Profile:
    """`input_modes`: media types, perhaps with wildcards; empty: anything."""

    streaming: bool = True
    push: bool = True
    extended_card: bool = False
    extensions: tuple[str, ...] = ()
    required_extensions: tuple[str, ...] = ()
    input_modes: tuple[str, ...] = ()

    def as_json(self) -> Json:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Json) -> "Profile":
        """Of what `as_json` gave; what is missing is as for an agent that says nothing."""
        known = {name: value for name, value in stored.items() if name in cls.__slots__}
        for name in ("extensions", "required_extensions", "input_modes"):
            known[name] = tuple(known.get(name, ()))
        return cls(**known)


def profile_of(card: Json) -> Profile:
    """Of a card as AgentX serves it."""
    told = card.get("capabilities", {})
    return Profile(
        streaming=bool(told.get("streaming")),
        push=bool(told.get("pushNotifications")),
        extended_card=bool(told.get("extendedAgentCard")),
        extensions=tuple(each["uri"] for each in told.get("extensions", ())),
        required_extensions=tuple(
            each["uri"] for each in told.get("extensions", ()) if each.get("required")
        ),
        input_modes=tuple(card.get("defaultInputModes", ())),
    )
