"""Looking for agents: who is found, in which order, and why."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registry import selectors, services
from registry.models import Agent
from registry.selectors import Found, FoundPage, Wanted
from security.errors import InvalidInput, NotAuthenticated
from security.principals import Principal, system
from tests.factories import make_agent

pytestmark = pytest.mark.django_db


def look(principal: Principal, limit: int = 50, cursor: str = "", **wanted: Any) -> FoundPage:
    return selectors.discover(principal, Wanted(**wanted), limit=limit, cursor=cursor)


def slugs(page: FoundPage) -> list[str]:
    return [one.agent.slug for one in page.found]


def one(page: FoundPage) -> Found:
    (found,) = page.found
    return found


def test_every_capability_is_wanted_and_the_reason_told(caller: Principal) -> None:
    make_agent("writer", capabilities=("text-generation", "rag"))
    make_agent("talker", capabilities=("text-generation",))
    found = one(look(caller, capabilities=["Text Generation", "rag"]))
    assert found.agent.slug == "writer"
    assert found.because == ["capability rag", "capability text-generation"]


def test_of_any_capabilities_more_are_better(caller: Principal) -> None:
    make_agent("both", capabilities=("rag", "sql"), state="shutdown")
    make_agent("one", capabilities=("sql",), state="shutdown")
    make_agent("none", capabilities=("chess",))
    page = look(caller, any=["rag", "SQL"])
    assert slugs(page) == ["both", "one"]
    assert [found.score for found in page.found] == [1.0, 0.5]
    assert page.found[1].because == ["capability sql"]


def test_every_word_is_wanted_wherever_it_stands(caller: Principal) -> None:
    make_agent("poet", description="Writes verse.", framework="langchain")
    make_agent("clerk", description="Writes letters.", framework="autogen")
    found = one(look(caller, text="writes VERSE", framework="LangChain"))
    assert found.agent.slug == "poet"
    assert found.because == [
        "framework langchain",
        "text 'writes' in description",
        "text 'verse' in description",
    ]


def test_another_form_of_a_word_and_a_part_of_one_are_found(caller: Principal) -> None:
    make_agent("poet", description="Translates poems.")
    for text in ("translating", "poem", "ansla", "POE"):
        assert slugs(look(caller, text=text)) == ["poet"], text
    assert one(look(caller, text="translating")).because == ["text 'translating' in its skills"]


def test_a_whole_word_leaves_aside_what_only_holds_it(caller: Principal) -> None:
    make_agent("a", description="Keeps fragments.")
    make_agent("b", description="Does rag.")
    assert slugs(look(caller, text="rag")) == ["b"]
    page = look(caller, text="ragmen")
    assert (slugs(page), page.way) == (["a"], "parts")


def test_who_is_called_so_comes_before_who_mentions_it(caller: Principal) -> None:
    make_agent("a-clerk", description="Has heard of a poet once.")
    make_agent("poet", description="Writes.")
    assert slugs(look(caller, text="poet")) == ["poet", "a-clerk"]


def test_what_nobody_mentions_finds_what_resembles_it(caller: Principal) -> None:
    make_agent("translator", description="Translates.")
    make_agent("chess", description="Plays chess.")
    page = look(caller, text="transltaor")
    assert (slugs(page), page.way) == (["translator"], "alike")
    assert one(page).because[0].startswith("resembles 'transltaor' (0.")
    assert look(caller, text="xyzzy").found == []


def test_agents_are_told_apart_by_tags_trust_and_state(caller: Principal) -> None:
    make_agent("a", tags=["law", "eu"], trust="verified", state="busy")
    make_agent("b", tags=["law"], trust="internal")
    assert slugs(look(caller, tags=["LAW", "eu"])) == ["a"]
    assert slugs(look(caller, trust=["verified", "trusted"])) == ["a"]
    assert slugs(look(caller, states=["ready"])) == ["b"]
    assert one(look(caller, tags=["eu"], trust=["verified"], states=["busy"])).because == [
        "tag eu",
        "trust verified",
        "state busy",
    ]


def test_who_answers_now_comes_first(caller: Principal) -> None:
    for slug, state in (("a", "shutdown"), ("b", "initializing"), ("c", "busy"), ("d", "ready")):
        make_agent(slug, state=state)
    assert slugs(look(caller)) == ["d", "c", "b", "a"]


@pytest.mark.parametrize(
    "wanted", [{}, {"text": "agent"}, {"any": ["x"]}, {"text": "agemt"}, {"text": "gent"}]
)
def test_pages_follow_one_another_without_gap_or_repeat(
    caller: Principal, wanted: dict[str, Any]
) -> None:
    for n in range(7):
        state = "ready" if n % 2 else "error"
        make_agent(f"agent-{n}", state=state, capabilities=("x",) if n % 3 else ("x", "y"))
    whole = slugs(look(caller, **wanted))
    assert len(whole) == 7
    pages, cursor = [], ""
    while True:
        page = look(caller, limit=3, cursor=cursor, **wanted)
        pages.append(slugs(page))
        if not (cursor := page.next):
            break
    assert [len(page) for page in pages] == [3, 3, 1]
    assert [slug for page in pages for slug in page] == whole


@pytest.mark.parametrize("cursor", ["!", "bm9uc2Vuc2U", "WzEsMl0", "WyJOYU4iLCJhIixmYWxzZV0"])
def test_a_cursor_that_no_page_gave_is_refused(caller: Principal, cursor: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        look(caller, cursor=cursor)
    assert "cursor" in refusal.value.fields


@pytest.mark.parametrize("text", ["%", "_", "\\", "' OR 1=1 --", "the", "a & | !", "💥", "x" * 200])
def test_any_text_may_be_looked_for(caller: Principal, text: str) -> None:
    make_agent("echo")
    assert look(caller, text=text).found == []


def test_retired_agents_are_not_found_and_strangers_find_nothing(
    caller: Principal, stranger: Principal
) -> None:
    make_agent("gone", retired="2026-01-01T00:00Z", description="verse")
    assert look(caller, text="verse").found == []
    with pytest.raises(NotAuthenticated):
        look(stranger)


def test_a_published_agent_is_found_by_its_skills_and_capabilities(caller: Principal) -> None:
    def publish(skill: str) -> Agent:
        return services.publish_agent(
            system("tests"),
            slug="jurist",
            name="Jurist",
            description="Knows.",
            version="1",
            framework="crewai",
            capabilities=["contract review"],
            retry="never",
            card={"skills": [{"id": "s", "name": "Skill", "description": skill, "tags": ["Law"]}]},
        )

    publish("Reads treaties.")
    for wanted in ({"text": "treaty"}, {"text": "crewai"}, {"tags": ["law"]}):
        assert slugs(look(caller, **wanted)) == ["jurist"]
    assert slugs(look(caller, text="contract")) == ["jurist"]
    publish("Reads statutes.")
    assert look(caller, text="treaty").found == []
    assert slugs(look(caller, text="statute")) == ["jurist"]


def test_looking_takes_few_queries(caller: Principal) -> None:
    for n in range(5):
        make_agent(f"a{n}", capabilities=("x",))
    with CaptureQueriesContext(connection) as queries:
        look(caller, capabilities=["x"], text="a")
    assert len(queries) <= 4
