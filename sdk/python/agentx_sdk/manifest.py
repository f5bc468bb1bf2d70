"""The JSON Schema of plugin.yaml: `python -m agentx_sdk.manifest` prints it."""

import json
import sys
from pathlib import Path
from typing import Any

SCHEMA_FILE = Path(__file__).with_name("manifest.schema.json")


def schema() -> dict[str, Any]:
    """The schema, as JSON Schema 2020-12."""
    told: dict[str, Any] = json.loads(SCHEMA_FILE.read_text())
    return told


if __name__ == "__main__":
    sys.stdout.write(SCHEMA_FILE.read_text())
