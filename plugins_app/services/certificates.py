"""What is written down of certificates: how long a process may show the one it has."""

from datetime import datetime
from uuid import UUID

from plugins_app.models import PluginInstance


def mark_certificate(instance_id: UUID | str, launch_id: str, expires: datetime) -> None:
    """This launch shows a certificate that ends then. Nothing is marked of a launch that is gone."""
    rows = PluginInstance.objects.filter(id=instance_id, launch_id=launch_id)
    rows.update(certificate_expires=expires)
