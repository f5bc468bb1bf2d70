"""Messages that must be taken once are remembered for a while."""

from datetime import timedelta

from django.utils import timezone

from routing.limits import IDEMPOTENCY_HOURS, PRUNE_BATCH
from routing.models import IdempotencyKey


def forget_old_messages() -> int:
    """Those sent IDEMPOTENCY_HOURS ago may be sent again as new ones. At most PRUNE_BATCH at once; how many."""
    before = timezone.now() - timedelta(hours=IDEMPOTENCY_HOURS)
    old = IdempotencyKey.objects.filter(created__lt=before).order_by("created")[:PRUNE_BATCH]
    return IdempotencyKey.objects.filter(id__in=list(old.values_list("id", flat=True))).delete()[0]
