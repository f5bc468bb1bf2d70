"""What repeats for plugins."""

from celery import shared_task

from plugins_app import scaling, services
from registry.services import mark_lost_nodes


@shared_task(name="plugins_app.place")
def place() -> None:
    services.place_instances()


@shared_task(name="plugins_app.watch_nodes")
def watch_nodes() -> None:
    """A node that fell silent: its processes go elsewhere."""
    if mark_lost_nodes():
        services.place_instances()


@shared_task(name="plugins_app.autoscale")
def autoscale() -> None:
    scaling.autoscale_all()


@shared_task(name="plugins_app.forget_releases")
def forget_releases() -> None:
    """The nodes remove the folders of what is forgotten."""
    services.forget_old()
    services.forget_removed()
