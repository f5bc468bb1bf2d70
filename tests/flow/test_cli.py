"""The command line against a served API: each runs as a person runs it, and no Django is loaded for it."""

import json
import os
import subprocess
import sys
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Protocol

import pytest
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from agentx_site.cli.tasks import STATES
from plugins_app.models import (
    FIRST_ELSEWHERE,
    JoinToken,
    Plugin,
    PluginInstance,
    PluginSecret,
)
from registry.models import Agent
from registry.services import publish_agent
from routing.models import PushConfig, PushDelivery, TaskState
from security.models import ApiKey, AuditEvent, User
from security.principals import system
from tests.factories import (
    PASSWORD,
    make_agent,
    make_instance,
    make_key,
    make_node,
    make_plugin,
    make_task,
    make_user,
)

ECHO = Path(__file__).resolve().parents[2] / "plugins" / "echo"
pytestmark = pytest.mark.django_db(transaction=True)


class Cli(Protocol):
    def __call__(
        self, *arguments: str, input: str = "", **environment: str
    ) -> subprocess.CompletedProcess[str]: ...


@pytest.fixture
def cli(live_server: LiveServer, tmp_path: Path) -> Cli:
    """`agentx` with an admin's credentials in its home."""
    _, key = make_key(make_user("ada", "admin"), role="admin")
    credentials = {"url": live_server.url, "api_key": key}
    (tmp_path / "credentials.json").write_text(json.dumps(credentials))
    (tmp_path / "credentials.json").chmod(0o600)

    def run(
        *arguments: str, input: str = "", **environment: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "agentx_site.cli", *arguments],
            input=input,
            capture_output=True,
            text=True,
            timeout=60,
            env=os.environ | {"AGENTX_HOME": str(tmp_path)} | environment,
        )

    return run


def told(cli: Cli, *arguments: str) -> Any:
    """The JSON a command printed."""
    done = cli(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_agents(cli: Cli) -> None:
    assert "No agents yet" in cli("agent", "list").stdout
    done = cli("agent", "register", "Far Away", "https://far.example/", "--capability", "rag")
    assert "far-away is registered" in done.stdout
    assert [row["slug"] for row in told(cli, "agent", "list")] == ["far-away"]
    assert told(cli, "agent", "show", "far-away")["capabilities"] == ["rag"]
    assert "far-away" in cli("agent", "list").stdout
    assert cli("agent", "open", "far-away").returncode == 0
    assert Agent.objects.get().is_open
    assert cli("agent", "close", "far-away").returncode == 0
    assert cli("agent", "retire", "far-away").returncode == 0
    gone = cli("agent", "show", "far-away")
    assert (gone.returncode, gone.stderr) == (1, "agentx: There is no agent 'far-away'.\n")


def test_agents_elsewhere(cli: Cli, settings: Any) -> None:
    settings.WEBHOOK_ALLOW = ["127.0.0.1"]
    refused = cli("agent", "register", "http://10.0.0.1/card.json")
    assert (refused.returncode, "private address" in refused.stderr) == (1, True)
    with StaticCard() as url:
        told_before = cli("agent", "register", url, "--preview").stdout
        assert "JSONRPC 1.0" in told_before
        assert not Agent.objects.exists()
        secret = '{"scheme": "bearer", "token": "s3cr3t"}'
        done = cli("agent", "register", url, "--credentials", "-", input=secret)
        assert "afar is registered" in done.stdout, done.stderr
        shown = cli("agent", "upstream", "afar", "--check").stdout
        assert "ready" in shown
        assert "s3cr3t" not in shown
    assert cli("agent", "approve", "afar").stderr == "agentx: No card waits for approval here.\n"
    assert cli("agent", "reject", "afar").returncode == 1
    assert cli("agent", "register", "one", "two", "three").returncode == 2


class StaticCard:
    """A server with a card and nothing else."""

    def __enter__(self) -> str:
        card: dict[str, Any] = {"name": "Afar", "description": "Far.", "version": "1"}

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = json.dumps(card).encode()
                self.send_response(200)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        url = f"http://127.0.0.1:{self._server.server_port}/"
        interface = {"url": url, "protocolBinding": "JSONRPC", "protocolVersion": "1.0"}
        skill = {"id": "talk", "name": "Talk", "description": "Talks.", "tags": ["chat"]}
        card |= {"supportedInterfaces": [interface], "capabilities": {}, "skills": [skill]}
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        return url

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def test_a_plugin_is_shown_as_scripts_expect_it(cli: Cli) -> None:
    plugin = make_plugin("echo", agents=(make_agent("echo"),), desired="running", state="running")
    make_instance(plugin, rss_bytes=50_000_000, cpu_percent=1.5)
    shown = told(cli, "plugin", "show", "echo")
    assert {"name", "version", "state", "desired", "replicas", "processes", "agents"} <= set(shown)
    assert shown["agents"] == [{"slug": "echo", "state": "ready", "reason": ""}]
    (process,) = shown["processes"]
    assert {"id", "pid", "node", "state", "address", "rss_bytes", "cpu_percent", "restarts"} <= set(
        process
    )
    assert (process["pid"], process["node"], process["rss_bytes"]) == (4242, "local", 50_000_000)
    text = cli("plugin", "show", "echo").stdout
    assert "50 MB" in text
    assert "4242" in text
    assert [row["name"] for row in told(cli, "plugin", "list")] == ["echo"]


def test_a_plugin_is_installed_from_a_folder(cli: Cli, tmp_path: Path) -> None:
    done = cli("plugin", "install", str(ECHO), "--config", '{"pause": 0.5}')
    assert done.stdout.startswith("echo 1."), done.stderr
    assert Plugin.objects.get().config == {"pause": 0.5}
    assert "installed" in [row["type"] for row in told(cli, "plugin", "events", "echo")]
    assert cli("plugin", "uninstall", "echo").stdout == "echo is uninstalled\n"
    empty = cli("plugin", "install", str(tmp_path))
    assert empty.returncode == 1
    assert "plugin.yaml" in empty.stderr


def test_starting_waits_and_tells_the_reason(cli: Cli) -> None:
    make_node()
    make_plugin("echo")
    done = cli("plugin", "start", "echo", "--no-wait")
    assert done.stdout == "echo will be running\n"
    assert Plugin.objects.get().desired == "running"
    slow = cli("plugin", "start", "echo", "--timeout", "0.5")
    assert slow.returncode == 1
    assert "echo is not running after 0.5 s: it is loading." in slow.stderr
    PluginInstance.objects.update(state="fatal", reason="main.py is missing")
    Plugin.objects.update(state="error", reason="main.py is missing")
    failed = cli("plugin", "scale", "echo", "1")
    assert failed.returncode == 1
    assert "main.py is missing" in failed.stderr


def test_stopping_waits_until_nothing_is_left(cli: Cli) -> None:
    make_plugin("echo")
    assert cli("plugin", "stop", "echo").stdout == "echo is stopped\n"


def test_configuration_is_merged(cli: Cli) -> None:
    make_plugin("echo", config={"keep": 1, "drop": 2})
    done = cli("plugin", "config", "echo", "retries=3", "name=x=y", "--unset", "drop")
    assert json.loads(done.stdout) == {"keep": 1, "retries": 3, "name": "x=y"}
    assert Plugin.objects.get().config == {"keep": 1, "retries": 3, "name": "x=y"}
    assert cli("plugin", "config", "echo", "nonsense").returncode == 2


def test_a_configuration_is_compared_taken_from_a_file_and_gone_back_to(
    cli: Cli, tmp_path: Path
) -> None:
    schema = {"properties": {"retries": {"type": "integer"}}}
    make_plugin("echo", manifest={"config_schema": schema}, config={"retries": 1})
    tried = cli("plugin", "config", "echo", "database.host=db", "--diff")
    assert "database" in tried.stdout and "none of its processes runs" in tried.stderr
    assert cli("plugin", "config", "echo", "retries=many", "--diff").returncode == 1
    assert Plugin.objects.get().revision == 0

    cli("plugin", "config", "echo", "database.host=db", "database.port=1", "--note", "moved")
    assert Plugin.objects.get().config == {"retries": 1, "database": {"host": "db", "port": 1}}
    cli("plugin", "config", "echo", "--unset", "database.port")
    file = tmp_path / "echo.yaml"
    file.write_text("retries: 2\ntoken: hush-hush\n")
    assert cli("plugin", "config", "echo", "--file", str(file)).returncode == 0
    for format in ("json", "yaml", "toml"):
        shown = cli("plugin", "config", "echo", "--format", format).stdout
        assert "token@3" in shown and "hush-hush" not in shown
    file.write_text("\nretries: many\n")
    wrong = cli("plugin", "config", "echo", "--file", str(file))
    assert wrong.returncode == 1 and "retries must be integer (line 2)" in wrong.stderr

    rows = told(cli, "plugin", "config", "echo", "--history")
    assert [(row["number"], row["note"]) for row in rows] == [(3, ""), (2, ""), (1, "moved")]
    assert "token" in cli("plugin", "config", "echo", "--restore", "1", "--diff").stdout
    assert "revision 4" in cli("plugin", "config", "echo", "--restore", "1").stdout
    assert cli("plugin", "config", "echo", "a=1", "--history").returncode == 2


def test_a_secret_comes_from_standard_input_and_is_never_told(cli: Cli) -> None:
    make_plugin("echo")
    done = cli("plugin", "secret", "set", "echo", "database.password", input="hush-hush\n")
    assert done.returncode == 0 and "hush-hush" not in done.stdout
    (row,) = told(cli, "plugin", "secret", "list", "echo")
    assert (row["field"], row["used"]) == ("database.password", True)
    assert PluginSecret.objects.get().name == "database.password@1"
    assert cli("plugin", "secret", "remove", "echo", "database.password").returncode == 0
    assert told(cli, "plugin", "secret", "list", "echo") == []
    assert cli("plugin", "secret", "set", "echo", "a").returncode == 1


def test_tasks(cli: Cli) -> None:
    assert "agentx send" in cli("task", "list").stdout
    done = make_task(make_agent("echo"), artifacts=[{"parts": [{"text": "hello\x1b[2J"}]}])
    make_task(Agent.objects.get(), state="WORKING")
    (row,) = told(cli, "task", "list", "--state", "completed")
    assert row["id"] == str(done.id)
    assert [event["seq"] for event in told(cli, "task", "events", str(done.id))] == [1]
    text = cli("task", "show", str(done.id)).stdout
    assert "hello" in text
    assert "\x1b" not in text
    assert cli("task", "cancel", str(done.id)).returncode == 1
    assert cli("task", "show", "../keys").returncode == 2


def test_pushes(cli: Cli) -> None:
    assert "No webhook was told" in cli("push", "list").stdout
    task = make_task(make_agent("echo"))
    config = PushConfig.objects.create(task=task, config_id="c", url="http://x.example/", host="x")
    dead = PushDelivery.objects.create(config=config, seq=1, state="dead", error="answered 500")
    (shown,) = told(cli, "push", "list", "--state", "dead", "--task", str(task.id))
    assert (shown["id"], shown["error"]) == (str(dead.id), "answered 500")
    assert cli("push", "replay", str(dead.id)).returncode == 0
    dead.refresh_from_db()
    assert dead.state == "pending"
    answer = cli("push", "replay", "--task", str(task.id), "--json")
    assert json.loads(answer.stdout) == {"replayed": 0}
    assert cli("push", "replay").returncode == 2


def test_cards_and_the_keys_that_sign_them(cli: Cli) -> None:
    told: dict[str, Any] = {"slug": "echo", "name": "Echo", "description": "Says it again."}
    told |= {"framework": "custom", "capabilities": [], "retry": "never", "card": {}}
    for version in ("1", "2"):
        publish_agent(system("tests"), version=version, **told)
    rows = json.loads(cli("card", "versions", "echo", "--json").stdout)
    assert [row["version"] for row in rows] == [2, 1]
    changed = json.loads(cli("card", "diff", "echo", "1", "2", "--json").stdout)
    assert [(row["path"], row["before"], row["after"]) for row in changed] == [
        ("version", "1", "2")
    ]
    assert "verified" in cli("card", "verify", "echo").stdout
    assert "signs now (EdDSA)" in cli("card", "rotate", "--algorithm", "EdDSA").stdout
    keys = json.loads(cli("card", "keys", "--json").stdout)
    assert [key["is_current"] for key in keys] == [True, False]
    make_agent("mute")
    mute = cli("card", "verify", "mute")
    assert (mute.returncode, "The card of mute is unsigned" in mute.stderr) == (1, True)


def test_keys(cli: Cli, live_server: LiveServer) -> None:
    done = cli("key", "create", "--name", "ci", "--role", "viewer", "--expires", "30d")
    text = done.stdout.strip()
    assert text.startswith("agx_")
    key = ApiKey.objects.get(name="ci")
    assert key.expires is not None
    assert abs(key.expires - timezone.now() - timedelta(days=30)) < timedelta(minutes=1)
    assert cli("agent", "list", "--key", text).returncode == 0
    assert cli("--key", text, "user", "list").returncode == 1
    assert text not in cli("key", "list").stdout
    assert cli("key", "revoke", key.prefix).returncode == 0
    key.refresh_from_db()
    assert key.revoked
    assert cli("key", "create", "--name", "ci", "--expires", "soon").returncode == 2
    assert "no key 'nope'" in cli("key", "revoke", "nope").stderr


def test_join_tokens(cli: Cli) -> None:
    plugin = make_plugin("far")
    done = cli("token", "create", "far", "--name", "laptop", "--expires", "2h", "--uses", "3")
    text = done.stdout.strip().rpartition(" ")[2]
    assert done.stdout.startswith("python main.py --join ") and text.startswith("agxj_")
    assert "set AGENTX_JOIN_PORT" in done.stderr
    token = JoinToken.objects.get(name="laptop")
    assert abs(token.expires - timezone.now() - timedelta(hours=2)) < timedelta(minutes=1)
    assert token.uses_left == 3 and text not in cli("token", "list").stdout
    assert cli("token", "create", "far", "--name", "gpu", "--uses", "0").returncode == 0
    assert JoinToken.objects.get(name="gpu").uses_left is None
    assert cli("token", "revoke", "laptop").returncode == 0
    token.refresh_from_db()
    assert token.revoked
    row = make_instance(plugin, FIRST_ELSEWHERE)
    assert [each["id"] for each in told(cli, "token", "joined")] == [str(row.id)]
    assert "no joined process 'nobody'" in cli("token", "dismiss", "nobody").stderr
    assert "was asked to leave" in cli("token", "dismiss", str(row.id)).stdout
    assert cli("token", "create", "far", "--name", "x", "--expires", "soon").returncode == 2
    assert "no join token 'nope'" in cli("token", "revoke", "nope").stderr
    assert cli("token", "create", "nothing", "--name", "x").returncode == 1


def test_users_and_roles(cli: Cli) -> None:
    done = cli("user", "create", "vera", "--role", "viewer", "--password", "-", input=PASSWORD)
    assert done.stdout == "vera may log in as viewer\n", done.stderr
    assert User.objects.get(username="vera").check_password(PASSWORD)
    assert cli("user", "disable", "vera").returncode == 0
    assert {row["username"]: row["is_active"] for row in told(cli, "user", "list")}["vera"] is False
    assert cli("user", "enable", "vera").returncode == 0
    assert "operator" in cli("role", "list").stdout
    weak = cli("user", "create", "wim", "--password", "short")
    assert weak.returncode == 1
    assert "too short" in weak.stderr


def test_the_audit_names_who_used_the_command_line(cli: Cli) -> None:
    make_agent("echo")
    cli("agent", "open", "echo")
    (row,) = told(cli, "audit", "list", "--action", "agent.opened")
    assert (row["target"], row["actor_label"]) == ("echo", "ada/a program")
    assert AuditEvent.objects.filter(action="agent.opened").exists()


def test_long_lists_come_page_after_page(cli: Cli) -> None:
    Agent.objects.bulk_create(
        Agent(slug=f"a{n:03}", name="A", source="plugin", tenant=User.objects.get().tenant)
        for n in range(205)
    )
    assert len(told(cli, "agent", "list")) == 205


def test_nobody_home_is_one_sentence(cli: Cli) -> None:
    away = cli("agent", "list", "--url", "http://127.0.0.1:9")
    assert away.returncode == 1
    assert away.stderr.count("\n") == 1
    assert "agentx up" in away.stderr


def test_the_stored_key_goes_to_the_stored_address_only(cli: Cli, live_server: LiveServer) -> None:
    elsewhere = live_server.url.replace("localhost", "127.0.0.1")
    assert cli("agent", "list", "--url", elsewhere).returncode == 0
    code = (
        "from agentx_site.cli.target import Target;"
        "print(Target(url='http://evil.example:8000').chosen_key)"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert printed.stdout == "None\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["agent"],
        ["agent", "show"],
        ["task", "list", "--limit", "0"],
        ["task", "list", "--state", "bogus"],
        ["plugin", "x"],
        ["plugin", "scale", "echo", "-1"],
    ],
)
def test_wrong_usage_is_exit_status_2(cli: Cli, arguments: list[str]) -> None:
    assert cli(*arguments).returncode == 2


def test_a_slip_of_the_hand_is_guessed(cli: Cli) -> None:
    assert "'plugin'" in cli("plgin", "list").stderr
    assert "-1 is not in the range" in cli("plugin", "scale", "echo", "-1").stderr


def test_the_states_are_those_of_tasks() -> None:
    assert {state.upper().replace("-", "_") for state in STATES} == set(TaskState.values)


def test_what_is_no_agentx_is_one_sentence(cli: Cli, tmp_path: Path) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        told = cli("status", "--url", f"http://127.0.0.1:{other.server_port}")
        found = cli("doctor", "--url", f"http://127.0.0.1:{other.server_port}")
        other.shutdown()
    assert told.returncode == found.returncode == 1
    assert "does not answer as AgentX does" in told.stderr
    assert "does not answer as AgentX does" in found.stdout
    assert "is refused" not in found.stdout


def test_no_command_loads_django() -> None:
    code = (
        "import sys, importlib;"
        "from agentx_site.cli.root import COMMANDS;"
        "[importlib.import_module(m) for n, (m, _) in COMMANDS.items() if n != 'up'];"
        "sys.exit('django' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
