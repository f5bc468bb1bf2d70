"""What people do in the console, as they do it."""

import os
import re
import signal

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import log_in
from tests.system import System, until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
SOON = 20_000  # milliseconds
OVERFLOW = "document.documentElement.scrollWidth - innerWidth"
PAGES = (
    *("/", "/agents/", "/agents/echo/", "/plugins/", "/plugins/echo/", "/tasks/", "/alerts/"),
    *("/alerts/rules/new/", "/alerts/rules/error-rate/", "/autoscaling/", "/nodes/", "/audit/"),
    *("/keys/", "/users/", "/plugins/echo/configure/", "/autoscaling/slow-echo/"),
    *("/plugins/echo/processes/", "/plugins/echo/logs/", "/plugins/echo/events/"),
    *("/plugins/echo/agents/", "/plugins/langgraph/agents/new/", "/agents/echo/memory/"),
    *("/plugins/echo/releases/", "/plugins/echo/isolation/", "/catalogue/", "/packages/upload/"),
    *("/packages/reviews/", "/publishers/", "/join-tokens/"),
    *("/password_change/", "/api/v1/docs/", "/push/", "/register/", "/card-keys/"),
)


def test_who_is_not_logged_in_comes_to_the_login_and_back(
    page: Page, agentx: System, watched: list[str]
) -> None:
    page.goto("/plugins/")
    expect(page).to_have_url(re.compile(r"/login/\?next=/plugins/"))
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill("not this")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_contain_text("correct username and password")
    page.get_by_label("Password").fill(agentx.credentials["password"])
    page.get_by_role("button", name="Log in").click()
    expect(page).to_have_url(re.compile("/plugins/$"))


def test_logging_out_ends_it(page: Page, agentx: System, watched: list[str]) -> None:
    log_in(page, agentx)
    page.locator(".ax-user summary").click()
    page.get_by_role("button", name="Log out").click()
    page.goto("/")
    expect(page).to_have_url(re.compile("/login/"))


def test_the_overview_is_live(console: Page, agentx: System) -> None:
    console.goto("/")
    expect(console.locator("#live")).to_have_attribute("data-status", "live", timeout=SOON)
    expect(console.locator("[data-figure=agents]")).to_have_text(re.compile("[1-9]"), timeout=SOON)
    for number in range(20):
        agentx.send("echo", "hello", f"overview-{number}")
    figure = console.locator("[data-figure=messages_per_second]")
    expect(figure).not_to_have_text("0", timeout=SOON)
    expect(console.locator("#map svg")).to_contain_text("slow-echo")


def test_it_says_when_what_one_sees_is_stale(console: Page, agentx: System) -> None:
    console.goto("/")
    sign = console.locator("#live")
    expect(sign).to_have_attribute("data-status", "live", timeout=SOON)
    beat = agentx.child("beat")
    os.kill(beat, signal.SIGSTOP)
    try:
        expect(sign).to_have_text(re.compile("stale since [0-9]+ s"), timeout=SOON)
    finally:
        os.kill(beat, signal.SIGCONT)
    expect(sign).to_have_attribute("data-status", "live", timeout=SOON)


def test_an_agent_can_be_tried_and_streams(console: Page) -> None:
    console.goto("/agents/echo/")
    console.get_by_label("Message", exact=True).fill("say this again")
    console.keyboard.press("Enter")
    answer = console.locator(".said[data-role=agent] .ax-part")
    expect(answer).to_have_text("say this again", timeout=SOON)
    expect(console.locator("#try-state")).to_have_text("completed")
    raw = console.locator("#raw")
    expect(raw).to_contain_text('"TASK_STATE_WORKING"')
    expect(raw).to_contain_text('"artifactUpdate"')
    console.locator("#talk").get_by_role("link", name="Task").click()
    expect(console.locator("#said")).to_contain_text("say this again")
    expect(console.locator("#task-events")).to_contain_text("completed")


def test_a_long_answer_can_be_stopped(console: Page) -> None:
    console.goto("/agents/slow-echo/")
    console.get_by_label("Message", exact=True).fill("wait")
    console.get_by_role("button", name="Send").click()
    expect(console.locator("#try-state")).to_have_text("working", timeout=SOON)
    console.get_by_role("button", name="Stop").click()
    expect(console.locator("#try-state")).to_have_text("canceled", timeout=SOON)


def test_a_plugin_is_stopped_and_started(console: Page) -> None:
    console.goto("/plugins/slow-echo/logs/")
    state = console.locator("#plugin-name .ax-chip")
    expect(state).to_have_attribute("data-state", "running", timeout=SOON)
    console.get_by_role("button", name="Stop").click()
    dialog = console.get_by_role("dialog", name="Stop slow-echo?")
    expect(dialog).to_be_visible()
    console.keyboard.press("Escape")
    expect(dialog).not_to_be_visible()
    console.get_by_role("button", name="Stop").click()
    dialog.get_by_role("button", name="Stop", exact=True).click()
    expect(state).to_have_attribute("data-state", "unloaded", timeout=SOON)
    expect(console.locator("#log")).to_contain_text("draining", timeout=SOON)
    console.get_by_role("button", name="Start").click()
    expect(state).to_have_attribute("data-state", "running", timeout=SOON)


def test_a_dialog_repeats_the_words_of_its_button_without_its_icon(console: Page) -> None:
    console.goto("/plugins/echo/")
    console.get_by_role("button", name="Restart").click()
    dialog = console.get_by_role("dialog", name="Restart echo?")
    expect(dialog.locator("[type=submit]")).to_have_text("Restart")


def test_nothing_lies_over_the_processes_and_every_tab_is_on_the_screen(console: Page) -> None:
    console.set_viewport_size({"width": 390, "height": 844})
    console.goto("/plugins/echo/")
    expect(console.locator("#process-strip .sub")).to_be_visible(timeout=SOON)
    # In one breath: between two questions the region may be exchanged.
    bottom, top = console.evaluate(
        "[document.querySelector('#process-strip li').getBoundingClientRect().bottom,"
        " document.querySelector('#plugin-charts').getBoundingClientRect().top]"
    )
    assert bottom <= top
    for link in console.locator(".ax-tabs a").all():
        box = link.bounding_box()
        assert box and box["x"] + box["width"] <= 390


def test_who_joins_is_seen_without_a_reload(console: Page) -> None:
    console.goto("/join-tokens/")
    expect(console.locator("#live")).to_have_attribute("data-status", "live", timeout=SOON)
    assert console.locator("#joined[data-region], #tokens[data-region]").count() == 2


def test_a_killed_process_is_seen_to_come_back(console: Page, agentx: System) -> None:
    console.goto("/plugins/echo/processes/")
    pid = console.locator("[data-field=pid]")
    expect(pid).to_have_text(re.compile("[0-9]+"), timeout=SOON)
    (before,) = until(lambda: agentx.pids("echo"))
    os.kill(before, signal.SIGKILL)
    (after,) = until(lambda: set(agentx.pids("echo")) - {before})
    expect(pid).to_have_text(str(after), timeout=SOON)
    console.get_by_role("link", name="Events").click()
    expect(console.locator("#events")).to_contain_text("process ended", timeout=SOON)


def test_a_log_is_searched_and_downloaded(console: Page, agentx: System) -> None:
    agentx.send("echo", "say this again", "for-the-log")
    console.goto("/plugins/echo/logs/")
    log = console.locator("#log")
    expect(log.locator(".line").first).to_be_visible(timeout=SOON)
    console.get_by_label("Words in the line").fill("is ready (contract")
    expect(log).to_contain_text("agent echo is ready", timeout=SOON)
    expect(log.locator(".line", has_not_text="is ready")).to_have_count(0, timeout=SOON)
    expect(console).to_have_url(re.compile("q=is"))
    with console.expect_download() as told:
        console.get_by_role("link", name="Download").click()
    lines = told.value.path().read_text().splitlines()
    assert lines
    assert all("is ready" in line for line in lines)
    console.get_by_label("Words in the line").fill("nobody ever wrote this")
    expect(log).to_contain_text("No line matches", timeout=SOON)


def test_a_plugin_is_scaled(console: Page) -> None:
    console.goto("/plugins/echo/processes/")
    console.get_by_role("button", name="One more").click()
    console.get_by_role("button", name="Scale").click()
    every = console.locator("#processes .ax-chip")
    running = console.locator("#processes .ax-chip[data-state=running]")
    expect(running).to_have_count(2, timeout=SOON)
    console.get_by_role("button", name="One less").click()
    console.get_by_role("button", name="Scale").click()
    expect(every).to_have_count(1, timeout=SOON)
    expect(running).to_have_count(1, timeout=SOON)


def test_the_wanted_number_follows_others_but_not_while_one_types(
    console: Page, agentx: System
) -> None:
    wanted_of(agentx, "slow-echo", 1)
    console.goto("/plugins/slow-echo/processes/")
    wanted = console.get_by_label("Wanted")
    expect(wanted).to_have_value("1")
    wanted_of(agentx, "slow-echo", 2)
    expect(wanted).to_have_value("2", timeout=SOON)
    (before, *_) = until(lambda: agentx.pids("slow-echo"))
    row = console.locator("[data-field=pid]").filter(has_text=re.compile(f"^{before}$"))
    expect(row).to_have_count(1, timeout=SOON)
    console.get_by_role("button", name="One more").click()
    assert agentx.http("POST", "/api/v1/plugins/slow-echo/restart", {})[0] == 202
    expect(row).to_have_count(0, timeout=SOON)
    expect(wanted).to_have_value("3")


def test_what_could_not_be_asked_for_is_asked_for_again(
    console: Page, agentx: System, watched: list[str]
) -> None:
    wanted_of(agentx, "slow-echo", 2)
    console.goto("/plugins/slow-echo/processes/")
    expect(console.locator("#live")).to_have_attribute("data-status", "live", timeout=SOON)
    wanted = console.get_by_label("Wanted")
    expect(wanted).to_have_value("2")
    console.route("**/plugins/slow-echo/processes/", lambda route: route.abort())
    with console.expect_event("requestfailed", timeout=SOON):
        wanted_of(agentx, "slow-echo", 3)
    # Until nothing happens any more that would be told.
    until(lambda: len(agentx.pids("slow-echo")) == 3, within=30)
    console.unroute("**/plugins/slow-echo/processes/")
    expect(wanted).to_have_value("3", timeout=SOON)
    watched[:] = [told for told in watched if "net::ERR_FAILED" not in told]


def test_what_no_event_tells_is_seen_a_little_later(console: Page, agentx: System) -> None:
    console.clock.install()
    console.goto("/plugins/echo/processes/")
    expect(console.locator("#live")).to_have_attribute("data-status", "live", timeout=SOON)
    messages = console.locator("#processes td[data-label=Messages]")
    before = messages.inner_text()
    agentx.send("echo", "hello", "no-event")

    def later() -> bool:
        console.clock.fast_forward(15_000)
        return messages.inner_text() != before

    assert until(later, every=1.0)


def wanted_of(agentx: System, plugin: str, replicas: int) -> None:
    path = f"/api/v1/plugins/{plugin}/scale"
    assert agentx.http("POST", path, {"replicas": replicas})[0] == 202


def test_a_key_is_shown_once_and_revoked(console: Page, agentx: System) -> None:
    console.goto("/keys/")
    console.get_by_role("button", name="New key").click()
    console.get_by_label("Name").fill("browser test")
    console.get_by_label("Role").select_option("developer")
    console.get_by_role("button", name="Make the key").click()
    key = console.locator("#fresh-key-text").inner_text()
    assert agentx.get("/api/v1/me", key)[0] == 200
    console.goto("/keys/")
    assert key not in console.content()
    row = console.get_by_role("row").filter(has_text="browser test")
    row.get_by_role("button", name="Revoke").click()
    console.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(row).to_contain_text("revoked")
    assert agentx.get("/api/v1/me", key)[0] == 401


def test_a_keyboard_reaches_the_content_and_the_menu(console: Page) -> None:
    console.goto("/agents/")
    skip = console.get_by_role("link", name="Skip to the content")
    skip.focus()
    console.keyboard.press("Enter")
    assert console.evaluate("document.activeElement.id") == "main-content"
    console.locator(".ax-user summary").focus()
    console.keyboard.press("Enter")
    console.get_by_role("button", name="Dark").click()
    expect(console.locator("html")).to_have_class(re.compile("dark"))


@pytest.mark.parametrize("path", PAGES)
def test_every_page_fits_and_keeps_to_this_host(console: Page, path: str) -> None:
    console.set_viewport_size({"width": 390, "height": 900})
    answer = console.goto(path)
    assert answer is not None and answer.status == 200
    console.wait_for_timeout(250)  # charts come after the page
    assert console.evaluate(OVERFLOW) <= 0
    console.set_viewport_size({"width": 1440, "height": 900})
    console.wait_for_function("innerWidth === 1440")
    assert console.evaluate(OVERFLOW) <= 0


@pytest.mark.parametrize("width", [390, 1440])
def test_the_first_key_skips_to_the_content(console: Page, width: int) -> None:
    console.set_viewport_size({"width": width, "height": 900})
    console.goto("/plugins/")
    console.keyboard.press("Tab")
    expect(console.locator(".ax-skip")).to_be_focused()
    console.keyboard.press("Enter")
    expect(console.locator("#main-content")).to_be_focused()


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("path", ["/plugins/", "/plugins/echo/processes/"])
def test_a_long_reason_gives_way(console: Page, path: str, width: int) -> None:
    console.set_viewport_size({"width": width, "height": 900})
    console.goto(path)
    # In one breath: a moment later the row may have been exchanged.
    overflow = console.evaluate(
        "document.querySelector('.ax-table td[data-label=State] > span').insertAdjacentHTML('beforeend',"
        " `<span class=sub>${'It ended. '.repeat(20)}</span><span class=why>${'x'.repeat(200)}</span>`);"
        + OVERFLOW
    )
    assert overflow <= 0


def test_rows_are_short_on_a_small_screen(console: Page, agentx: System) -> None:
    agentx.send("echo", "hello", "short-rows")
    console.set_viewport_size({"width": 390, "height": 844})
    console.goto("/tasks/")
    # In one breath: between being found and being asked the row may be exchanged.
    height = console.evaluate("document.querySelector('#tasks tbody tr').offsetHeight")
    assert 0 < height < 130


def test_what_is_not_there_is_told_with_the_request_id(page: Page, agentx: System) -> None:
    log_in(page, agentx)
    answer = page.goto("/plugins/nothing-like-it/")
    assert answer is not None and answer.status == 404
    expect(page.locator(".ax-refusal")).to_contain_text(answer.headers["x-request-id"])
