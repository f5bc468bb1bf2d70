"""What CrewAI finds around it when it is imported."""

import os
import subprocess
import sys
from pathlib import Path

import crewai
import yaml

MANIFEST = Path(__file__).parents[1] / "plugin.yaml"
PROGRAM = "import os, crewai, crewai.project; print(os.environ.get('CANARY'))"


def test_it_reads_no_env_file_of_the_folders_that_it_is_installed_below(tmp_path: Path) -> None:
    """It looks for one up to the root: that of a project may hold AgentX's own secrets."""
    (tmp_path / ".env").write_text("CANARY=sings\n")
    (tmp_path / "lib").symlink_to(Path(crewai.__file__).parents[1])
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    told = yaml.safe_load(MANIFEST.read_text())["environment"]
    around = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "PYTHONPATH": str(tmp_path / "lib"),
    }
    asked = [sys.executable, str(program)]
    done = subprocess.run(asked, env=around | told, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "None"
