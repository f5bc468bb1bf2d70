"""Deeds on tasks from outside their run."""

from routing.services.cancels import request_cancel
from routing.services.losses import reap_lost_tasks

__all__ = ["reap_lost_tasks", "request_cancel"]
