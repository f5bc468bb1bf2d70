"""Where the press office's flow goes on after the editor in chief has answered."""

from autogen_agentchat.messages import BaseChatMessage


def approved(message: BaseChatMessage) -> bool:
    """Whether it may be published."""
    return "publish" in message.to_model_text().lower()


def not_approved(message: BaseChatMessage) -> bool:
    """Whether it goes back to the writer."""
    return not approved(message)
