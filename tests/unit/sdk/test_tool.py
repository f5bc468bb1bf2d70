"""A method with annotations and a docstring is a tool."""

import asyncio
import threading
from dataclasses import dataclass
from typing import Annotated, Literal

import pytest
from agentx_sdk import Adapter, Agent, Field, tool
from agentx_sdk.errors import UnknownTool
from agentx_sdk.tool import InvalidArguments, as_tool


@dataclass
class Place:
    city: str
    country: str = "fr"


class Weather(Adapter):
    @tool
    async def forecast(self, place: Place, days: int = 3, unit: Literal["c", "f"] = "c") -> Place:
        """Tell the weather
        of the next days.

        More words.

        Args:
            place: Where.
            days (int): How many,
                counted from today.
        """
        assert isinstance(place, Place)
        return place

    @tool(name="thread", description="Where it runs.")
    def where(self, agent: Agent | None, note: Annotated[str, Field(max_length=3)] = "") -> str:
        return (
            f"{threading.current_thread() is threading.main_thread()} {agent and agent.id} {note}"
        )

    def no_tool(self) -> None: ...


class More(Weather):
    @tool
    def extra(self) -> None:
        """One more."""


def run(name, arguments, agent=None):
    return asyncio.run(More().execute_tool(name, arguments, agent))


def test_they_are_listed_as_written():
    assert [each.name for each in More().tools(None)] == ["forecast", "thread", "extra"]


def test_annotations_and_docstring_tell_the_schema():
    forecast, thread, _ = More().tools(None)
    assert forecast.description == "Tell the weather of the next days."
    properties = forecast.input_schema["properties"]
    assert forecast.input_schema["required"] == ["place"]
    assert properties["days"] == {
        "type": "integer", "description": "How many, counted from today.", "default": 3,
    }  # fmt: skip
    assert properties["unit"]["enum"] == ["c", "f"]
    assert properties["place"]["properties"]["country"]["default"] == "fr"
    assert forecast.output_schema["type"] == "object"
    assert (thread.description, list(thread.input_schema["properties"])) == (
        "Where it runs.",
        ["note"],
    )


def test_arguments_come_as_their_types_and_results_leave_as_json():
    assert run("forecast", {"place": {"city": "Lyon"}}) == {"city": "Lyon", "country": "fr"}


def test_a_plain_function_runs_in_a_thread_and_is_given_the_agent():
    assert run("thread", {"note": "x"}, Agent("a")) == "False a x"
    assert run("thread", {}) == "False None "


def test_what_does_not_fit_is_told_by_name():
    with pytest.raises(InvalidArguments) as wrong:
        run("forecast", {"place": {"city": 1}, "day": 2})
    assert wrong.value.fields == {"place.city": "must be text", "day": "is not known"}
    with pytest.raises(UnknownTool):
        run("no_tool", {})


def test_a_function_of_any_number_of_arguments_is_no_tool():
    with pytest.raises(TypeError, match="by name"):
        as_tool(lambda *everything: None)
