"""Flows from configuration: a class of CrewAI's with a method for each step."""

import re
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

from agentx_sdk.errors import ConfigError
from agentx_sdk.llm.answers import ANSWER_SCHEMA, words_of_answer
from config import FlowConfig, StepConfig
from crewai.flow.flow import Flow, and_, listen, or_, router, start
from crews import Parts
from running import current_run

ROUTE = "__route"
Method = Callable[[Any], Coroutine[Any, Any, Any]]


def check(told: FlowConfig) -> None:
    """Raises `ConfigError` for a flow that cannot be followed."""
    steps, members = [each.name for each in told.steps], {each.name for each in told.members}
    routes = [route for each in told.steps for route in each.routes]
    if not steps:
        _refuse("flow.steps", "at least one is needed")
    for place, step in enumerate(told.steps):
        path = f"flow.steps.{place}"
        if step.name in steps[:place] or step.name in routes:
            _refuse(f"{path}.name", f"{step.name!r} is the name of another step or a route")
        if step.agent and step.agent not in members:
            _refuse(f"{path}.agent", f"there is no member {step.agent!r}")
        if step.agent and step.ask:
            _refuse(path, "either an agent answers or the caller")
        for name in step.after:
            if name not in (*steps, *routes):
                _refuse(f"{path}.after", f"there is no step and no route {name!r}")
    if all(each.after for each in told.steps):
        _refuse("flow.steps", "no step is a start: one has nothing in `after`")


def flow_class(told: FlowConfig, parts: Parts) -> type[Flow[Any]]:
    """Made once; an object of it is one turn."""
    methods: dict[str, Any] = {}
    for step in told.steps:
        methods[step.name] = _trigger(step)(_method(step, told, parts))
        if step.routes:
            methods[step.name + ROUTE] = router(step.name)(_router(step))
    module = {"__module__": __name__, "__qualname__": "ConfiguredFlow"}
    return type("ConfiguredFlow", (Flow,), {**module, **methods})


def ends_of(told: FlowConfig) -> set[str]:
    """The steps that nothing listens to: what they say is the answer."""
    heard = {name for each in told.steps for name in each.after}
    return {each.name for each in told.steps if not each.routes and each.name not in heard}


def _trigger(step: StepConfig) -> Callable[[Any], Any]:
    if not step.after:
        return start()
    if len(step.after) == 1:
        return listen(step.after[0])
    return listen(and_(*step.after) if step.join == "all" else or_(*step.after))


def _method(step: StepConfig, told: FlowConfig, parts: Parts) -> Method:
    member = next((each for each in told.members if each.name == step.agent), None)

    async def run(self: Any) -> Any:
        prompt = filled(step.prompt, self.state)
        if step.ask:
            result = words_of_answer(_asked(prompt))
        elif member is not None:
            agent = parts.agent(member)
            _speaks(agent, step)
            asked = [*_history(step), {"role": "user", "content": prompt}]
            result = (await agent.kickoff_async(asked)).raw
        else:
            result = prompt
        self.state[step.name] = result
        return result

    run.__name__ = run.__qualname__ = step.name
    return run


def _router(step: StepConfig) -> Callable[[Any], str]:
    def run(self: Any) -> str:
        return chosen(step.routes, str(self.state[step.name]))

    run.__name__ = run.__qualname__ = step.name + ROUTE
    return run


def chosen(routes: Sequence[str], words: str) -> str:
    """The route that is named first; the last one when none is."""
    places = {
        route: found.start()
        for route in routes
        if (found := re.search(rf"\b{re.escape(route)}\b", words, re.IGNORECASE))
    }
    return min(places, key=lambda route: places[route]) if places else routes[-1]


def filled(prompt: str, values: Mapping[str, Any]) -> str:
    """The prompt with its {names} replaced; a name that says nothing yet is empty."""
    return re.sub(r"\{([A-Za-z_]\w*)\}", lambda found: str(values.get(found[1]) or ""), prompt)


def _asked(question: str) -> Any:
    run = current_run.get()
    if run is None:
        raise RuntimeError("a step can ask only in a turn")
    return run.ask(question, ANSWER_SCHEMA)


def _speaks(agent: Any, step: StepConfig) -> None:
    run = current_run.get()
    if run is not None:
        run.speakers[str(agent.id)] = step.name


def _history(step: StepConfig) -> list[Any]:
    """What was said before, for a first step that does not mention it."""
    run = current_run.get()
    if run is None or step.after or "{history}" in step.prompt:
        return []
    return list(run.history)


def _refuse(path: str, why: str) -> None:
    raise ConfigError(f"{path}: {why}", {path: why})
