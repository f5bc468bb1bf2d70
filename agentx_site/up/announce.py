"""What a person sees when all is ready, and what stays in credentials.json."""

import json
import shlex

from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from agentx_site.up.bootstrap import Outcome
from agentx_site.up.home import Home
from agentx_site.up.logs import Terminal
from agentx_site.up.options import setting
from agentx_site.up.plan import Site

ADMIN = "admin"
DEMO_MODEL = "demo: answers are made up; set AGENTX_MODEL_URL for a real one"
NO_MODEL = "none: set AGENTX_MODEL_URL"


def keep_credentials(home: Home, site: Site, outcome: Outcome) -> dict[str, str | None]:
    """The addresses of this run beside the secrets of the first; returns what is kept."""
    kept = home.read_json(home.credentials_file)
    fresh = {"password": outcome.password, "api_key": outcome.api_key}
    content = {
        "url": site.url,
        "grpc": site.grpc,
        "username": kept.get("username", ADMIN),
        "password": fresh["password"] or kept.get("password"),
        "api_key": fresh["api_key"] or kept.get("api_key"),
    }
    if content != kept:
        home.write_json(home.credentials_file, content)
    return content


def ready(terminal: Terminal, home: Home, site: Site, outcome: Outcome, seconds: float) -> None:
    """The box. What is to be pasted stands below it, on one line of its own."""
    rows = Table.grid(padding=(0, 2))
    rows.add_row("Console", Text(f"{site.url}/", style="bold"))
    rows.add_row("gRPC", site.grpc)
    if outcome.first_run:
        rows.add_row("User", ADMIN)
        rows.add_row("Password", outcome.password or "as set in AGENTX_ADMIN_PASSWORD")
    if outcome.api_key:
        rows.add_row("API key", outcome.api_key)
    rows.add_row("Model", model(site))
    rows.add_row("Kept in", str(home.credentials_file))
    title = f"AgentX is ready after {seconds:.1f} s"
    terminal.show(Panel.fit(rows, title=title, border_style="cyan", padding=(1, 2)))
    if outcome.api_key and site.options.demo:
        terminal.show("Say hello to an agent over A2A:\n")
        terminal.show(curl(site.url, outcome.api_key) + "\n")
    terminal.show("Ctrl-C ends everything.")


def model(site: Site) -> str:
    """What plugins use that name no model."""
    if site.demo_model_url:
        return DEMO_MODEL
    url = setting("AGENTX_MODEL_URL")
    return f"{setting('AGENTX_MODEL_NAME') or ''} at {url}".strip() if url else NO_MODEL


def curl(url: str, api_key: str) -> str:
    """A command line that works when pasted."""
    body = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "SendMessage",
        "params": {
            "message": {"messageId": "hello-1", "role": "ROLE_USER", "parts": [{"text": "hello"}]}
        },
    }
    headers = (
        f"Authorization: Bearer {api_key}",
        "A2A-Version: 1.0",
        "Content-Type: application/json",
    )
    flags = " ".join(f"-H {shlex.quote(header)}" for header in headers)
    data = shlex.quote(json.dumps(body, separators=(",", ":")))
    return f"curl -s {url}/a2a/echo/ {flags} -d {data}"
