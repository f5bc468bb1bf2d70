"""Where the order desk's graph goes on after the buyer has answered."""


def agreed(answer: str) -> bool:
    """Whether it shall be ordered."""
    return answer.strip().lower().startswith(("yes", "ok", "order"))
