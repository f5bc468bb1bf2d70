"""What a turn does: one agent answers, a crew works through its tasks, or a flow runs."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from agentx_sdk.errors import TaskFailed
from agentx_sdk.llm.failures import OUTPUT_INVALID, STEPS
from config import AgentConfig, CrewConfig, CrewMember, FlowConfig
from crewai import Agent, Crew
from crewai.flow.flow import Flow
from crews import Parts, Unkept, crew_of
from flows import ends_of
from pydantic import BaseModel
from running import MEMBER, REPLY, SILENT, Run, Voice

ALONE = "agent"  # the one agent's name among the parts
VALUE = re.compile(r"[A-Za-z_][A-Za-z0-9_\-]*")  # what CrewAI replaces in braces


@dataclass(frozen=True)
class Said:
    """What a turn begins with: values for the words of tasks and steps, and messages for an agent."""

    values: Mapping[str, Any]
    messages: list[dict[str, Any]]

    @property
    def has_history(self) -> bool:
        return bool(self.values.get("history"))


class Work(Protocol):
    """Runs in the turn's thread. Returns text, or JSON values."""

    async def __call__(self, run: Run, said: Said) -> Any: ...


def single(spec: AgentConfig, parts: Parts) -> Work:
    """One agent, that is told the conversation."""
    member = CrewMember(name=ALONE, role=spec.role, goal=spec.goal, instructions=spec.instructions)
    return answering(lambda: parts.agent(member), parts.schemas.get(ALONE))


def answering(make: Callable[[], Agent], shape: type[BaseModel] | None = None) -> Work:
    """An agent that is asked by itself."""

    async def work(run: Run, said: Said) -> Any:
        run.voice = lambda task, agent: SILENT if shape else REPLY
        messages: Any = said.messages
        output = await make().kickoff_async(messages, response_format=shape)
        if shape is None:
            return output.raw
        if output.pydantic is None:
            raise TaskFailed("the model's answer does not fit output_schema", OUTPUT_INVALID)
        return output.pydantic.model_dump(mode="json", exclude_unset=True)

    return work


def configured_crew(told: CrewConfig, parts: Parts) -> Work:
    """A crew, made anew for each turn."""

    async def work(run: Run, said: Said) -> Any:
        return await _kicked_off(run, crew_of(told, parts, has_history=said.has_history), said)

    return work


def own_crew(crew: Crew) -> Work:
    """An author's crew; each turn has a copy of its own."""

    async def work(run: Run, said: Said) -> Any:
        copied = crew.copy()
        copied._task_output_handler = Unkept()
        copied.stream = False  # AgentX streams what the model says
        return await _kicked_off(run, copied, said)

    return work


async def _kicked_off(run: Run, crew: Crew, said: Said) -> Any:
    run.voice = _voice_of(crew)
    output: Any = await crew.akickoff(inputs=_whole(run, crew, said.values))
    if output.pydantic is not None:
        return output.pydantic.model_dump(mode="json", exclude_unset=True)
    return output.json_dict if output.json_dict is not None else output.raw


def _whole(run: Run, crew: Crew, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values with those that the crew's words need besides: the caller is asked for them."""
    needed = {name for name in crew.fetch_inputs() if VALUE.fullmatch(name)}
    missing = sorted(needed - values.keys())
    if not missing:
        return dict(values)
    fields = {name: {"type": "string", "title": name} for name in missing}
    form = {"type": "object", "properties": fields, "required": missing}
    answer = run.ask(f"What shall be used for {', '.join(missing)}?", form)
    told = answer if isinstance(answer, dict) else dict.fromkeys(missing, str(answer))
    return {**values, **{name: told.get(name, "") for name in missing}}


def _voice_of(crew: Crew) -> Voice:
    """The last task's answer is the crew's; of those that may be taken back nothing is said early."""
    last = crew.tasks[-1]
    has_form = bool(last.output_pydantic or last.output_json or last.response_model)

    def voice(task: Any, agent: Any) -> str:
        doer = crew.manager_agent or last.agent
        is_last = task is not None and task.id == last.id
        if not is_last or agent is None or doer is None or agent.id != doer.id:
            return MEMBER
        if last.human_input or has_form:
            return SILENT
        return MEMBER if last.guardrail or last.guardrails else REPLY

    return voice


def configured_flow(told: FlowConfig, kind: type[Flow[Any]]) -> Work:
    """A flow, made anew for each turn."""
    ends = ends_of(told)

    async def work(run: Run, said: Said) -> Any:
        run.history = said.messages[:-1]
        run.voice = lambda task, agent: (
            REPLY if agent is not None and run.speakers.get(str(agent.id)) in ends else MEMBER
        )
        return await _flowed(kind(suppress_flow_events=True, tracing=False), said.values)

    return work


def own_flow(make: Callable[[], Flow[Any]]) -> Work:
    """An author's flow, made anew for each turn. What its agents say is shown, and its result is the answer."""

    async def work(run: Run, said: Said) -> Any:
        run.voice = lambda task, agent: MEMBER
        flow = make()
        return await _flowed(flow, _taken(flow, said.values))

    return work


async def _flowed(flow: Flow[Any], values: Mapping[str, Any]) -> Any:
    try:
        result = await flow.kickoff_async(inputs=dict(values))
    except RecursionError as error:
        raise TaskFailed(f"the flow goes round in circles: {error}", STEPS) from error
    if isinstance(result, BaseModel):
        return result.model_dump(mode="json")
    raw = getattr(result, "raw", None)
    return raw if isinstance(raw, str) else result


def _taken(flow: Flow[Any], values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of a state with fields, only those that it has."""
    if not isinstance(flow.state, BaseModel):
        return values
    fields = type(flow.state).model_fields
    return {name: value for name, value in values.items() if name in fields}
