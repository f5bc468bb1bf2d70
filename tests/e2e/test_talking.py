"""Talking to agents in the console, and reading afterwards what happened: turns, files, direct answers, the log."""

import base64
import re

import pytest
from playwright.sync_api import Page, expect

from tests.system import System, until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
SOON = 20_000  # milliseconds
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
HTML = b"<script>document.title = 'evil'</script>"


@pytest.fixture(scope="module")
def conformance(agentx: System) -> str:
    """The agent that behaves on order, started."""
    assert agentx.http("POST", "/api/v1/plugins/conformance/start", {})[0] == 202
    until(lambda: agentx.pids("conformance"), within=60)
    return "conformance"


def say(console: Page, words: str, state: str) -> None:
    console.get_by_label("Message", exact=True).fill(words)
    console.keyboard.press("Enter")
    expect(console.locator("#talk")).to_have_attribute("aria-busy", "false", timeout=SOON)
    expect(console.locator("#try-state")).to_have_text(state, timeout=SOON)


def test_an_agent_that_asks_is_answered(console: Page, conformance: str) -> None:
    console.goto(f"/agents/{conformance}/")
    say(console, "tck-input-required", "input required")
    expect(console.get_by_label("Message", exact=True)).to_have_attribute(
        "placeholder", re.compile("waits for your answer")
    )
    say(console, "this is what was asked for", "completed")
    tasks = console.locator("#talk").get_by_role("link", name="Task")
    expect(tasks).to_have_count(2)
    assert tasks.nth(0).get_attribute("href") == tasks.nth(1).get_attribute("href")
    tasks.nth(1).click()
    expect(console.locator("#said")).to_contain_text("this is what was asked for")
    expect(console.locator(".ax-timeline")).to_contain_text("input required")
    expect(console.locator(".ax-spans")).to_contain_text("input required")


def test_a_waiting_task_is_answered_from_its_own_page(
    console: Page, agentx: System, conformance: str
) -> None:
    console.goto(f"/agents/{conformance}/")
    say(console, "tck-input-required", "input required")
    console.locator("#talk").get_by_role("link", name="Task").click()
    console.get_by_role("link", name="Answer").click()
    expect(console.locator("#talk")).to_contain_text("goes on with the conversation")
    say(console, "from the task's page", "completed")


def test_a_direct_answer_has_no_task_but_is_seen(console: Page, conformance: str) -> None:
    console.goto(f"/agents/{conformance}/")
    console.get_by_label("Message", exact=True).fill("tck-message-response")
    console.keyboard.press("Enter")
    expect(console.locator("#talk")).to_contain_text("in all · answered directly", timeout=SOON)
    expect(console.locator("#talk").get_by_role("link", name="Task")).to_have_count(0)
    console.goto(f"/tasks/?agent={conformance}")
    console.locator("#tasks tbody a.ax-mono").first.click()
    expect(console.locator("#task-name")).to_contain_text("answered directly")


def test_files_go_there_and_back_and_cannot_run(console: Page) -> None:
    console.goto("/agents/echo/")
    console.locator("#file").set_input_files(
        [
            {"name": "dot.png", "mimeType": "image/png", "buffer": PIXEL},
            {"name": "page.html", "mimeType": "text/html", "buffer": HTML},
        ]
    )
    expect(console.locator("#files")).to_contain_text("page.html")
    say(console, "look at these", "completed")
    answer = console.locator(".said[data-role=agent]")
    expect(answer.locator("img")).to_have_attribute("src", re.compile("^data:image/png;base64,"))
    with console.expect_download() as saved:
        answer.get_by_role("button", name="page.html").click()
    assert saved.value.suggested_filename == "page.html"
    console.locator("#talk").get_by_role("link", name="Task").click()
    said = console.locator("#said")
    image = said.locator("img").first
    until(lambda: image.evaluate("one => one.complete && one.naturalWidth === 1"))
    with console.expect_download() as saved:
        said.get_by_role("link", name="page.html").first.click()
    assert saved.value.path().read_bytes() == HTML


def test_json_is_sent_as_data_and_folds(console: Page) -> None:
    console.goto("/agents/echo/")
    console.get_by_label("What the message is").select_option("json")
    console.get_by_label("Message", exact=True).fill("{nonsense")
    console.keyboard.press("Enter")
    expect(console.get_by_role("alert")).to_contain_text("This is not JSON")
    say(
        console,
        '{"list": [{"name": "a long enough entry", "of": "several words and more"}]}',
        "completed",
    )
    expect(console.locator(".said[data-role=agent] .ax-json details")).not_to_have_count(0)


def test_the_exchange_is_shown_on_demand(console: Page) -> None:
    console.goto("/agents/echo/")
    raw = console.locator("#raw")
    expect(raw).to_be_hidden()
    console.get_by_role("button", name="Exchange").click()
    say(console, "what goes over the wire", "completed")
    expect(raw).to_contain_text('"method":"SendStreamingMessage"')
    expect(raw).to_contain_text('"artifactUpdate"')


def test_a_refusal_names_the_request(console: Page, watched: list[str]) -> None:
    console.goto("/agents/echo/?context=x&task=0190a000-0000-7000-8000-000000000000")
    console.get_by_label("Message", exact=True).fill("there is no such task")
    console.keyboard.press("Enter")
    expect(console.get_by_role("alert")).to_contain_text(re.compile("TASK_NOT_FOUND · \\S+"))


def test_what_a_task_shows_live_is_what_a_reload_shows(console: Page, agentx: System) -> None:
    task = agentx.send("slow-echo", "slowly", "live-reload", returnImmediately=True)
    console.goto(f"/tasks/{task['id']}/")
    expect(console.locator("#task-name")).to_contain_text("completed", timeout=SOON)
    regions = "[...document.querySelectorAll('[data-region]')].map(one => one.innerText.replace(/\\d+ (sec|min)\\S* ago/g, ''))"
    until(lambda: "completed" in console.locator(".ax-timeline").inner_text())
    live = console.evaluate(regions)
    console.reload()
    assert console.evaluate(regions) == live
