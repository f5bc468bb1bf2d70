from pathlib import Path

import pytest

from agentx_site.up.errors import UpError
from agentx_site.up.options import names_a_model, parse


def test_an_option_goes_before_the_environment_and_that_before_the_default() -> None:
    environment = {"AGENTX_PORT": "9000", "AGENTX_GRPC_PORT": "9001"}
    options = parse(["--port", "7000"], environment)
    assert (options.port, options.grpc_port, options.host) == (7000, 9001, "127.0.0.1")


def test_a_setting_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "port").write_text("9002\n")
    assert parse([], {"AGENTX_PORT_FILE": str(tmp_path / "port")}).port == 9002


@pytest.mark.parametrize("value", ["x", "-1", "65536", "", "8000.5"])
def test_a_bad_port_is_wrong_usage(value: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        parse([f"--port={value}"], {})
    assert end.value.code == 2
    with pytest.raises(UpError, match=r"AGENTX_PORT: .* is no port") as refusal:
        parse([], {"AGENTX_PORT": value})
    assert refusal.value.status == 2


def test_a_missing_file_is_named() -> None:
    with pytest.raises(UpError, match="AGENTX_HOME_FILE names /nowhere: No such file"):
        parse([], {"AGENTX_HOME_FILE": "/nowhere"})


@pytest.mark.parametrize(
    "arguments",
    [
        ["--server", "apache"],
        ["--web-workers", "0"],
        ["--what"],
        ["--server", "daphne", "--host", "::1"],
    ],
)
def test_a_bad_option_ends_with_two(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as end:
        parse(arguments, {})
    assert end.value.code == 2


def test_a_model_is_named_by_any_of_its_settings(tmp_path: Path) -> None:
    assert not names_a_model({})
    assert not names_a_model({"AGENTX_MODEL_URL": ""})
    assert names_a_model({"AGENTX_MODEL_URL": "http://127.0.0.1:11434/v1"})
    (tmp_path / "key").write_text("sk-1\n")
    assert names_a_model({"AGENTX_MODEL_KEY_FILE": str(tmp_path / "key")})
