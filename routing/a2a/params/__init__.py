"""A caller's ProtoJSON, checked: A2A 1.0 params as the requests of the core. Pure. Raises `InvalidInput` naming the field.

Unknown fields are ignored, null means absent, and only known fields go further. As ProtoJSON has it, a field may be
spelled as the protobuf definition spells it (context_id), a number may be a text, and an enum may be its number.
"""

from routing.a2a.params.messages import message, send_params
from routing.a2a.params.pushes import push_config, push_ids, push_listing
from routing.a2a.params.reading import invalid, short
from routing.a2a.params.tasks import (
    cancel_metadata,
    history_length,
    list_params,
    page_token,
    task_id,
)

__all__ = [
    "cancel_metadata",
    "history_length",
    "invalid",
    "list_params",
    "message",
    "page_token",
    "push_config",
    "push_ids",
    "push_listing",
    "send_params",
    "short",
    "task_id",
]
