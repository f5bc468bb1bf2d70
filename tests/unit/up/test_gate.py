import os
import subprocess
import sys
import time

from agentx_site.up.process import Gate


def gated(gate: Gate, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "agentx_site.up.gate", str(gate.descriptor), *arguments]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        pass_fds=(gate.descriptor,), env=os.environ | environment,
    )  # fmt: skip


def test_it_waits_and_then_runs_the_module_with_its_arguments() -> None:
    gate = Gate()
    process = gated(gate, "json.tool,platform", "platform", "--terse")
    time.sleep(0.2)
    assert process.poll() is None
    gate.open()
    said, _ = process.communicate(timeout=30)
    assert said.startswith("Linux")
    again, _ = gated(gate, "platform", "platform").communicate(timeout=30)
    assert again.startswith("Linux")  # an open gate stays open


def test_a_bad_setting_is_one_sentence() -> None:
    process = gated(Gate(), "json", "platform", AGENTX_DEBUG="maybe")
    _, complained = process.communicate(timeout=30)
    assert process.returncode == 2
    assert complained == "AGENTX_DEBUG: 'maybe' is neither yes nor no\n"
