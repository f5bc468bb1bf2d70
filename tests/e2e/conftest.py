"""The console in a real browser, before a whole AgentX of its own: nothing here is stood in for."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Response

from tests.system import System, until

NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
SHOWING = Path(__file__).resolve().parents[1] / "plugins" / "showing"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic"]
QUIET = ["--no-first-run", "--disable-background-networking", "--disable-component-update"]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests last: sync Playwright keeps a loop in this thread, under which asyncio tests fail."""
    items.sort(key=lambda item: "page" in getattr(item, "fixturenames", ()))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict) -> dict:
    """pytest-playwright's hook: the system's Chromium instead of a download."""
    if CHROMIUM is None:
        told = "NO CHROMIUM: the browser tests cannot run (Debian: apt install chromium)"
        if os.environ.get("CI"):
            pytest.fail(told)
        pytest.skip(told)
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": FLAGS + QUIET}


@pytest.fixture(scope="session")
def agentx() -> Iterator[System]:
    with System() as system:
        yield system


@pytest.fixture(scope="session")
def base_url(agentx: System) -> str:
    return agentx.url


@pytest.fixture
def watched(page: Page, base_url: str) -> Iterator[list[str]]:
    """What no page may do: write errors, throw, ask another host, or get a 5xx."""
    wrong: list[str] = []

    def told(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            wrong.append(f"{page.url} console: {message.text}")

    def asked(request: Request) -> None:
        if not request.url.startswith((base_url, "data:", "blob:")):
            wrong.append(f"{page.url} asked {request.url}")

    def answered(response: Response) -> None:
        if response.status >= 500:
            wrong.append(f"{response.url} answered {response.status}")

    page.on("console", told)
    page.on("pageerror", lambda error: wrong.append(f"{page.url} threw: {error}"))
    page.on("request", asked)
    page.on("response", answered)
    yield wrong
    assert not wrong, "\n".join(wrong)


def log_in(page: Page, agentx: System) -> None:
    page.goto("/login/")
    page.get_by_label("Username").fill(agentx.credentials["username"])
    page.get_by_label("Password").fill(agentx.credentials["password"])
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/")


@pytest.fixture(scope="session")
def session_state(browser, agentx: System, base_url: str) -> dict:
    """The cookies of the administrator, logged in once."""
    context: BrowserContext = browser.new_context(base_url=base_url)
    log_in(context.new_page(), agentx)
    state = context.storage_state()
    context.close()
    return dict(state)


@pytest.fixture
def console(page: Page, context: BrowserContext, session_state: dict, watched: list[str]) -> Page:
    """A page of somebody logged in, watched."""
    context.add_cookies(session_state["cookies"])
    return page


@pytest.fixture(scope="session")
def showing(agentx: System) -> int:
    """The plugin that shows on order whatever there is to draw, started; its pid."""
    assert agentx.http("POST", "/api/v1/plugins/load", {"path": str(SHOWING)})[0] == 201
    assert agentx.http("POST", "/api/v1/plugins/showing/start", {})[0] == 202
    (pid,) = until(lambda: agentx.pids("showing"), within=60)
    return int(pid)
