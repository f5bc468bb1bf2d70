"""Whether a process answers, and what follows when it does not."""

from typing import Final
from uuid import UUID

from plugins_app.client.shapes import Health
from plugins_app.manifest import HealthCheck
from plugins_app.services import marks
from plugins_app.supervisor.ledger import Ledger

ROUND_SECONDS: Final = 3.0  # between health checks, which renew the lease, too


class Vitals:
    """Of one process: a new one begins with new vitals."""

    def __init__(self, ledger: Ledger, instance_id: UUID) -> None:
        self._ledger = ledger
        self._id = instance_id
        self._misses = 0
        self._degraded = False
        self.in_flight = 0

    def answered(self, health: Health) -> None:
        """A health check was answered. Not serving (a model loads, say) is no reason to end it."""
        self._misses = 0
        self.in_flight = health.in_flight
        if not health.serving and not self._degraded:
            self._degrade(health.detail or "It says that it cannot serve.")
        elif health.serving and self._degraded:
            self._degraded = False
            self._ledger.put(marks.mark_recovered, self._id)

    def missed(self, reason: str, rule: HealthCheck) -> str:
        """A health check was not answered. Says why the process must go, or nothing."""
        self._misses += 1
        silent = self._misses * ROUND_SECONDS
        if silent >= rule.degraded_after and not self._degraded:
            self._degrade(f"It {reason}.")
        if rule.enabled and silent >= rule.replaced_after:
            return f"It missed {self._misses} health checks: it {reason}."
        return ""

    def _degrade(self, reason: str) -> None:
        self._degraded = True
        self._ledger.put(marks.mark_degraded, self._id, reason)
