"""What others may want to know. Sent after commit; received only in monitoring.receivers."""

from django.dispatch import Signal

agent_changed = Signal()  # agent: Agent
node_changed = Signal()  # node: Node
