"""What an agent around a model does, as one sees it who tries it: tools, usage, forms, failures, who answered."""

import re

import pytest
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
SOON = 20_000  # milliseconds


@pytest.fixture
def trying(console: Page, showing: int) -> Page:
    console.goto("/agents/showing/")
    return console


def say(page: Page, words: str, state: str) -> None:
    page.get_by_label("Message", exact=True).fill(words)
    page.keyboard.press("Enter")
    ended(page, state)


def ended(page: Page, state: str) -> None:
    expect(page.locator("#try-state")).to_have_text(state, timeout=SOON)
    expect(page.locator("#talk")).to_have_attribute("aria-busy", "false", timeout=SOON)


def test_tool_calls_are_seen_in_their_place_with_what_came_of_them(trying: Page) -> None:
    say(trying, "tools", "completed")
    weather, book = trying.locator(".ax-tool").all()
    expect(weather).to_have_attribute("data-state", "ok")
    expect(weather.locator("summary")).to_contain_text('"city":"Oslo"')
    inside = weather.locator(".inside").get_by_text('"sky"')
    expect(inside).to_be_hidden()
    weather.locator("summary").press("Enter")
    expect(inside).to_be_visible()
    expect(book).to_have_attribute("data-state", "error")
    expect(book.locator("summary")).to_contain_text("it did not return within 5 s")
    order = trying.locator("#talk > *").all_inner_texts()
    places = [
        next(at for at, text in enumerate(order) if words in text)
        for words in ("Let me look", "weather", "book", "It is cold")
    ]
    assert places == sorted(places)
    assert len(set(places)) == 4


def test_what_the_model_used_and_which_process_answered(trying: Page, showing: int) -> None:
    say(trying, "tools", "completed")
    meta = trying.locator("#talk .meta")
    expect(meta).to_contain_text("120 tokens in, 35 out · $0.0042 · demo-1")
    expect(meta.locator(".answered")).to_contain_text(f"showing 1.0.0 #0 · pid {showing}")


def test_a_call_is_seen_while_it_runs(trying: Page) -> None:
    trying.get_by_label("Message", exact=True).fill("tools 30")
    trying.keyboard.press("Enter")
    expect(trying.locator(".ax-tool")).to_have_attribute("data-state", "running", timeout=SOON)
    trying.get_by_role("button", name="Stop").click()
    ended(trying, "canceled")
    expect(trying.locator(".ax-tool")).to_have_attribute("data-state", "left")


def test_a_form_is_filled_in_by_keyboard_and_goes_to_the_same_task(trying: Page) -> None:
    say(trying, "form", "input required")
    form = trying.get_by_role("form", name="What the agent asks for")
    expect(form.get_by_label("City")).to_be_focused()
    trying.keyboard.press("Enter")
    expect(form.get_by_role("alert").filter(has_text=re.compile("."))).to_have_count(1)
    expect(form.get_by_label("Nights")).to_have_value("2")
    trying.keyboard.type("Oslo")
    form.get_by_label("Budget").fill("99.5")
    form.get_by_label("Class").select_option("fine")
    form.get_by_label("Guests").fill("Ann\nBo\n")
    form.get_by_label("Extras").fill("{nonsense")
    form.get_by_role("button", name="Answer").click()
    expect(form.get_by_label("Extras")).to_have_attribute("aria-invalid", "true")
    form.get_by_label("Extras").fill('{"view": "sea"}')
    form.get_by_role("button", name="Answer").click()
    ended(trying, "completed")
    reply = trying.locator(".said[data-role=agent]").last
    for word in ('"Oslo"', "99.5", '"fine"', '["Ann","Bo"]', '"breakfast": true', '"sea"'):
        expect(reply).to_contain_text(word)
    expect(form.get_by_role("button")).to_have_count(0)
    tasks = trying.locator("#talk").get_by_role("link", name="Task")
    assert tasks.nth(0).get_attribute("href") == tasks.nth(1).get_attribute("href")


@pytest.mark.parametrize("odd", ["properties", "many", "default"])
def test_a_form_that_nobody_can_fill_in_is_shown_as_it_is(trying: Page, odd: str) -> None:
    say(trying, f"odd {odd}", "input required")
    expect(trying.locator(".said[data-role=agent]").last).to_contain_text('"properties"')
    expect(trying.locator(".ax-asked")).to_have_count(0)
    say(trying, "in words", "completed")


def test_a_forms_names_are_words_and_nothing_else(trying: Page) -> None:
    say(trying, "odd type", "input required")
    expect(trying.locator(".ax-asked label")).to_contain_text("<img src=x")
    expect(trying.locator(".ax-asked textarea")).to_have_count(1)
    trying.locator("#talk").get_by_role("link", name="Task").click()
    expect(trying.locator("#said")).to_contain_text("<img src=x")


def test_a_form_may_be_answered_in_words(trying: Page) -> None:
    say(trying, "form", "input required")
    say(trying, "anywhere", "completed")
    expect(trying.get_by_label("City")).to_be_disabled()


@pytest.mark.parametrize(("button", "sent"), [("Approve", "true"), ("Reject", "false")])
def test_one_yes_or_no_is_two_buttons(trying: Page, button: str, sent: str) -> None:
    say(trying, "approve", "input required")
    expect(trying.locator(".ax-asked")).to_contain_text("May it be sent?")
    trying.get_by_role("button", name=button).click()
    ended(trying, "completed")
    expect(trying.locator(".said[data-role=agent]").last).to_contain_text(f'"approved":{sent}')


def test_a_form_is_drawn_again_when_one_comes_from_the_tasks_page(trying: Page) -> None:
    say(trying, "approve", "input required")
    trying.locator("#talk").get_by_role("link", name="Task").click()
    trying.get_by_role("link", name="Answer").click()
    trying.get_by_role("button", name="Approve").click()
    ended(trying, "completed")


def test_what_failed_says_why_and_is_tried_again(trying: Page) -> None:
    say(trying, "fail", "failed")
    expect(trying.get_by_role("alert")).to_have_text("the model cannot be reached")
    expect(trying.locator("#talk .meta")).to_contain_text("in all")
    expect(trying.locator("#talk .meta")).not_to_contain_text("first words")
    trying.get_by_role("button", name="Try again").click()
    expect(trying.get_by_role("alert")).to_have_count(2, timeout=SOON)
    expect(trying.get_by_role("button", name="Try again")).to_have_count(1)


def test_who_is_limited_waits_as_long_as_it_is_told(trying: Page) -> None:
    say(trying, "limited 2", "failed")
    again = trying.locator("[data-part=again]")
    expect(again).to_have_text(re.compile("Try again in [12] s"))
    expect(again).to_be_disabled()
    expect(again).to_be_enabled(timeout=SOON)
    expect(again).to_have_text("Try again")


def test_the_tasks_page_tells_the_same(trying: Page, showing: int) -> None:
    say(trying, "tools", "completed")
    trying.locator("#talk").get_by_role("link", name="Task").click()
    tools = trying.locator("#said .ax-tool")
    expect(tools).to_have_count(2)
    expect(tools.first.locator("summary")).to_contain_text("weather")
    timeline = trying.locator(".ax-timeline")
    expect(timeline).to_contain_text("calls weather")
    expect(timeline).to_contain_text("book failed")
    facts = trying.locator("#task-facts")
    expect(facts).to_contain_text(f"showing 1.0.0 #0 · pid {showing}")
    expect(facts).to_contain_text("120 tokens in, 35 out · 0.0042 USD · demo-1")


def test_a_conversation_is_remembered_until_somebody_has_it_forgotten(trying: Page) -> None:
    say(trying, "one", "completed")
    say(trying, "two", "completed")
    expect(trying.locator(".said[data-role=agent]").last).to_contain_text("2 things")
    trying.locator("#talk").get_by_role("link", name="Task").last.click()
    expect(trying.locator("#memory")).to_contain_text("2 times")
    trying.locator("#memory").get_by_role("button", name="Forget").click()
    trying.get_by_role("dialog").get_by_role("button", name="Forget it").click()
    expect(trying.get_by_text("has forgotten this conversation")).to_be_visible()
    expect(trying.locator("#memory")).to_be_hidden()


def test_a_plugin_comes_from_the_catalogue_by_one_click(console: Page) -> None:
    console.goto("/catalogue/")
    card = console.locator("#standing-echo-node")
    card.get_by_role("button", name="Install and start").click()
    tried = card.get_by_role("link", name="Try it")
    expect(tried).to_be_visible(timeout=90_000)
    tried.click()
    console.wait_for_load_state()
    say(console, "hello from the catalogue", "completed")
    answer = console.locator(".said[data-role=agent]")
    expect(answer).to_contain_text("hello from the catalogue")
