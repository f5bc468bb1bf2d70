"""The model stub as a program."""

import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator

import openai
import pytest

from tests.model import Stub

PROGRAM = [sys.executable, "-m", "agentx_site.cli", "model-stub"]


@pytest.fixture(scope="module")
def stub() -> Iterator[Stub]:
    with Stub() as stub:
        yield stub


def test_the_command_prints_its_address_and_ends_on_a_signal() -> None:
    process = subprocess.Popen([*PROGRAM, "--delay", "0.01"], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        with openai.OpenAI(base_url=url, api_key="x") as client:
            told = client.responses.create(model="demo", input="hi")
        assert told.output_text == "You said: hi"
        port = url.split(":")[2].split("/")[0]
        refused = subprocess.run([*PROGRAM, "--port", port], capture_output=True, text=True)
        assert (refused.returncode, "in use" in refused.stderr) == (1, True)
    finally:
        process.terminate()
        process.communicate(timeout=10)
    assert process.returncode in (0, -15)


def test_it_imports_no_framework() -> None:
    code = "import sys, agentx_site.model_stub.serve; print([n for n in sys.modules if n in ('django', 'celery', 'grpc')])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_a_body_that_is_too_large_or_no_json_is_refused(stub: Stub) -> None:
    for body, status in ((b"x" * (33 << 20), 413), (b"{", 400), (b"[]", 400)):
        request = urllib.request.Request(f"{stub.url}/chat/completions", body)
        with pytest.raises(urllib.error.HTTPError) as refusal:
            urllib.request.urlopen(request, timeout=20)
        assert refusal.value.code == status
        refusal.value.close()
