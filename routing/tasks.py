"""What repeats on the message path."""

from celery import shared_task

from routing import services


@shared_task(name="routing.reap_lost_tasks")
def reap_lost_tasks() -> int:
    return services.reap_lost_tasks()
