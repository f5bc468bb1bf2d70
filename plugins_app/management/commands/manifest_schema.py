"""`manage.py manifest_schema`: writes the JSON Schema of plugin.yaml that the SDK ships."""

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from plugins_app.manifest_schema import MANIFEST


class Command(BaseCommand):
    help = "Write sdk/python/agentx_sdk/manifest.schema.json, which editors read."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        path = settings.BASE_DIR / "sdk" / "python" / "agentx_sdk" / "manifest.schema.json"
        path.write_text(json.dumps(MANIFEST, indent=2) + "\n")
        self.stdout.write(f"{path.relative_to(settings.BASE_DIR)} is written.")
